/** What is read of a server's archiving: its files' names, the readings beside it, and where the spool lies. Pure. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { MountFacts } from '../../../../../src/containers/container-runtime.ts';
import { archivePlace, currentScript } from '../../../../../src/engines/postgres/wal/archive/archive-place.ts';
import { archivingState, archivingTrouble } from '../../../../../src/engines/postgres/wal/archive/archiving-state.ts';
import { archivedUpTo, letGoIn, releasableFiles, shippable, spooledIn } from '../../../../../src/engines/postgres/wal/archive/spool-listing.ts';
import { archiveScript } from '../../../../../src/engines/postgres/server/script-text.ts';
import { parseReading } from '../../../../../src/engines/postgres/wal/wal-readings.ts';

const size = 16 * 1024 ** 2;
const name = (timeline: number, number: number): string => `0000000${timeline}00000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`;
const file = (path: string): string => `spool ${size} /archive/holdfast-0123456789ab/spool/${path}`;
const sha256 = createHash('sha256').update(archiveScript).digest('hex');

describe('the spool', () => {
  const files = spooledIn([file(name(1, 4)), file(name(1, 5)), file(`${name(1, 6)}.partial`), file(name(2, 6)), 'spool 41 /archive/x/spool/00000002.history', 'own 41 /wal/00000002.history', file('.x.new'), file('else'),
    `break 0 /archive/x/breaks/${name(1, 3)}.20261129T093643Z`, 'break 0 /archive/x/breaks/else', ''].join('\n'));

  it('ships what is whole, each name once, and of no note takes a segment', () => {
    expect(shippable(files).map((each) => each.name)).toEqual([name(1, 4), name(1, 5), '00000002.history', name(2, 6)]);
    expect(letGoIn(files)).toEqual([{ segment: name(1, 3), at: '2026-11-29T09:36:43Z', name: `${name(1, 3)}.20261129T093643Z` }]);
  });

  it('says how far it leads on each timeline, and no further than the server was', () => {
    expect(archivedUpTo(files, { timeline: 1, lsn: 2n ** 40n }, size)).toBe(6n * BigInt(size));
    expect(archivedUpTo(files, { timeline: 1, lsn: 5n * BigInt(size) + 1n }, size)).toBe(5n * BigInt(size) + 1n);
    expect(archivedUpTo(files, { timeline: 3, lsn: 1n }, size)).toBeNull();
  });

  it('lets go of all but its newest segment, and of what an older timeline left of one that is repeated', () => {
    expect(releasableFiles([name(1, 4), name(1, 5), '00000002.history', name(2, 6)], files).map((each) => each.name)).toEqual([name(1, 4), name(1, 5), `${name(1, 6)}.partial`, '00000002.history', '00000002.history']);
    expect(releasableFiles([name(1, 4)], files).map((each) => each.name)).toEqual([name(1, 4)]);
    expect(releasableFiles([], files)).toEqual([]);
  });
});

describe('the archiving', () => {
  const reading = (rest: string): string => `2026-11-29T09:36:43.123456Z 0/5000000 00000001 - - - - ${rest}`;
  const df = 'Filesystem     1024-blocks  Used Available Capacity Mounted on\n/dev/sda1         20000000  4000  10000000       1% /archive';
  const script = `script ${currentScript} ${sha256} 755`;
  const troubleOf = (...lines: readonly string[]): string | null => archivingTrouble(archivingState(lines.join('\n')), 'db', size)?.fields.cause ?? null;

  it('is in order', () => {
    expect(parseReading(reading(`on ${currentScript} - -`))).toMatchObject({ lsn: 0x5000000n, received: null, slotState: null });
    expect(troubleOf(reading(`on ${currentScript} - -`), 'spool', script, df)).toBeNull();
    // Before its first reading, and where that was cut, nothing is known to be wrong.
    expect([troubleOf(df), troubleOf(reading('on arch'))]).toEqual([null, null]);
  });

  it.each<[readonly string[], string]>([
    [[reading('off none - -')], 'archive_mode is off'],
    [[reading(`on ${currentScript} library -`)], 'archive_library'],
    [[reading('on none - -')], 'is empty'],
    [[reading('on other - -')], 'another one'],
    [[reading(`on ${currentScript} - -`), 'spool', df], 'is gone'],
    [[reading(`on ${currentScript} - -`), 'spool', script.replace(sha256, '0'.repeat(64)), df], 'was changed'],
    [[reading(`on ${currentScript} - -`), 'spool', script.replace(' 755', ' 0'), df], 'may not be read'],
    [[reading(`on ${currentScript} - -`), script, df], 'the spool beside the script is gone'],
    [[reading(`on ${currentScript} - -`), 'spool', script, df.replace(' 10000000 ', '   540671 ')], 'left: below 512MB'],
    [[reading(`on ${currentScript} - ${name(1, 5)}`), 'spool', script, df], `last attempt failed, at ${name(1, 5)}`],
  ])('%j is not', (lines, cause) => {
    expect(troubleOf(...lines)).toContain(cause);
  });
});

describe('where it lies', () => {
  const mount = (destination: string, more: Partial<MountFacts> = {}): MountFacts => ({ type: 'volume', source: destination, destination, writable: true, ...more });
  const placed = (...mounts: readonly MountFacts[]) => {
    const place = archivePlace({ mounts }, '0123456789ab');
    return place === null ? null : [place.mount.source, place.beside];
  };
  it.each<[readonly MountFacts[], readonly string[] | null]>([
    [[mount('/var/lib/postgresql')], ['/var/lib/postgresql', '/archive/wal_archive/holdfast-0123456789ab']],
    [[mount('/var/lib/postgresql/'), mount('/var/lib/postgresql/wal_archive', { type: 'bind', source: '/srv/wal' })], ['/srv/wal', '/archive/holdfast-0123456789ab']],
    [[mount('/')], ['/', '/archive/var/lib/postgresql/wal_archive/holdfast-0123456789ab']],
    [[mount('/var/lib/postgresql/data')], null],
    [[mount('/var/lib/postgresql/wal_archive_old')], null],
    [[mount('/var/lib/postgresql'), mount('/var/lib/postgresql/wal_archive', { type: 'tmpfs', source: null })], null],
    [[mount('/var/lib/postgresql/wal_archive', { writable: false })], null],
  ])('%j', (mounts, expected) => {
    expect(placed(...mounts)).toEqual(expected);
  });
});
