import { describe, expect, it } from 'vitest';
import { roomTrouble, type LogKeptFor, type ServerRoom } from '../../../src/domain/wal/server-room.ts';

const [MiB, GiB] = [1024 ** 2, 1024 ** 3];
const roomy: ServerRoom = { sizeBytes: 100 * GiB, freeBytes: 50 * GiB, walBytes: GiB, keptFor: [], maxWalBytes: GiB, keepBytes: 0 };
const slot = (bytes: number, more: Partial<Extract<LogKeptFor, { kind: 'slot' }>> = {}): LogKeptFor => ({ kind: 'slot', name: 'debezium', own: false, active: true, bytes, ...more });
const archiving = (failed: string | null, bytes: number | null): LogKeptFor => ({ kind: 'archiving', failed, bytes });
const wordsOf = (room: Partial<ServerRoom>): string | null => ((trouble) => (trouble === null ? null : `${trouble.sentence} → ${trouble.next}`))(roomTrouble({ ...roomy, ...room }));

describe('the file system of a server\'s own log', () => {
  it.each<[string, Partial<ServerRoom>]>([
    ['has room', {}],
    ['has as much left as is early', { freeBytes: GiB }],
    ['is small, and has a fifth of it left', { sizeBytes: GiB, freeBytes: Math.floor(GiB / 10) * 2, walBytes: 80 * MiB, maxWalBytes: 80 * MiB }],
    ['has less left than its log takes, and that is no more than the server keeps for itself', { walBytes: 30 * GiB, freeBytes: 20 * GiB, maxWalBytes: 10 * GiB, keepBytes: 10 * GiB }],
    ['keeps much for a slot, and has more left', { walBytes: 40 * GiB, freeBytes: 41 * GiB, keptFor: [slot(39 * GiB)] }],
    ['is of a server whose archiver failed once', { keptFor: [archiving('000000010000000000000003', 0)] }],
  ])('is well where it %s', (_what, room) => expect(wordsOf(room)).toBeNull());

  it.each<[string, Partial<ServerRoom>, RegExp]>([
    ['has too little left, of log and all', { freeBytes: GiB - 1 }, /has 1\.0GB of 100GB left; pg_wal takes 1\.0GB, and nobody has it kept: max_wal_size is 1\.0GB, wal_keep_size none → Make room on it; .*max_wal_size.* When it is full the database stops\.$/],
    ['is small and has little left', { sizeBytes: 300 * MiB, freeBytes: 59 * MiB, walBytes: 48 * MiB }, /59MB of 300MB left/],
    ['cannot be measured, but for what is free', { freeBytes: 100 * MiB, walBytes: null }, /how much of it is log is not known/],
    ['grows towards its end, though much is left', { walBytes: 40 * GiB, freeBytes: 39 * GiB, keptFor: [slot(38 * GiB, { active: false })] }, /39GB of 100GB left; pg_wal takes 40GB, and 38GB are kept for the replication slot debezium, through which nobody receives → .*pg_drop_replication_slot\('debezium'\)/],
    ['fills by our own slot', { freeBytes: 500 * MiB, walBytes: 20 * GiB, keptFor: [slot(3 * GiB), slot(19 * GiB, { name: 'holdfast_0123456789ab', own: true })] }, /19GB are kept for the replication slot holdfast_0123456789ab → .*holdfast wal enable --slot-limit/],
    ['fills by an archive_command that fails', { freeBytes: 500 * MiB, walBytes: 20 * GiB, keptFor: [slot(MiB), archiving('000000010000000000000003', 18 * GiB)] }, /18GB wait to be archived: the archive_command fails at 000000010000000000000003 → See the server's log/],
    ['fills by one that never succeeded', { freeBytes: 500 * MiB, walBytes: 20 * GiB, keptFor: [slot(2 * GiB), archiving('000000010000000000000003', null)] }, /nothing of it was archived yet: the archive_command fails/],
    ['fills by one that hangs', { freeBytes: 500 * MiB, walBytes: 20 * GiB, keptFor: [archiving(null, 18 * GiB)] }, /18GB wait to be archived: the archive_command does not come to its end → See whether the disk/],
    ['fills beside a slot that keeps no more than a checkpoint', { freeBytes: 500 * MiB, keptFor: [slot(MiB), archiving(null, 3 * MiB)] }, /nobody has it kept/],
  ])('is said where it %s', (_what, room, words) => expect(wordsOf(room)).toMatch(words));
});
