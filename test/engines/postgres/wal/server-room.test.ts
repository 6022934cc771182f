import { expect, it } from 'vitest';
import { keptFor, type RoomReading } from '../../../../src/engines/postgres/wal/server-room.ts';

const MiB = 1024 ** 2;
const reading: RoomReading = { dataDirectory: '/data', position: '0/A000000', segmentSizeBytes: 16 * MiB, maxWalBytes: 1024 * MiB, keepBytes: 0, slots: [], archiving: null };

it('what a server keeps its log for is each of its slots, and what its archiver has not come to', () => {
  expect(keptFor(reading, null)).toEqual([]);
  const slots = [{ name: 'holdfast_0', active: true, bytes: 5 }, { name: 'debezium', active: false, bytes: 7 }];
  expect(keptFor({ ...reading, slots }, 'holdfast_0')).toEqual([{ kind: 'slot', name: 'holdfast_0', active: true, bytes: 5, own: true }, { kind: 'slot', name: 'debezium', active: false, bytes: 7, own: false }]);
  const waiting = (archived: string | null): unknown => keptFor({ ...reading, archiving: { failed: null, archived } }, null)[0];
  // Of segments 3 to 9 none was archived.
  expect(waiting('000000010000000000000002')).toEqual({ kind: 'archiving', failed: null, bytes: 7 * 16 * MiB });
  expect(waiting('000000010000000000000002.00000028.backup')).toMatchObject({ bytes: 7 * 16 * MiB });
  expect(waiting('00000001000000000000000A')).toMatchObject({ bytes: 0 });
  expect([waiting(null), waiting('00000002.history')]).toMatchObject([{ bytes: null }, { bytes: null }]);
});
