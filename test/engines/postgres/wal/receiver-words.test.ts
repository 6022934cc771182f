/** The pure parts: lines of the sampling session, names of files, what may be released, and why a receiver ended. */
import { describe, expect, it, test } from 'vitest';
import { identityOf, ownersOf, receiverLabels, receiverName } from '../../../../src/containers/labels.ts';
import { parseKept } from '../../../../src/engines/postgres/wal/kept-cluster.ts';
import { endOfReceiver } from '../../../../src/engines/postgres/wal/receiver-end.ts';
import { directoriesOf, diskIn, freeBytesIn, isMoment, parseReading, placedFilesIn, readingsIn, receivedFiles, releasablePaths, walFileKind } from '../../../../src/engines/postgres/wal/wal-readings.ts';

const line = '2026-11-29T03:22:30.387847Z 0/3000000 00000001 0/29CE000 reserved - -';

test('what is free stands in the fourth figure of df, whatever the names around it', () => {
  const head = 'Filesystem     1024-blocks      Used Available Capacity Mounted on';
  expect(freeBytesIn(`${head}\n/dev/sda1        102687672  60000000  37424464      62% /wal\n`)).toBe(37_424_464 * 1024);
  expect(freeBytesIn(`${head}\n//nas/my share 100 90 10 90% /wal\n`)).toBe(10 * 1024);
  expect(diskIn(`${head}\n/dev/sda1        102687672  60000000  37424464      62% /wal\n`)).toEqual({ sizeBytes: 102_687_672 * 1024, freeBytes: 37_424_464 * 1024 });
  expect(freeBytesIn(head)).toBeNull();
  expect(freeBytesIn('')).toBeNull();
});

describe('a reading', () => {
  it('is what its line says', () => {
    expect(parseReading(line)).toEqual({ at: '2026-11-29T03:22:30.387847Z', lsn: 0x3000000n, timeline: 1, received: 0x29CE000n, slotState: 'reserved', slotRoomBytes: null });
    expect(parseReading('2026-11-29T03:22:30.387847Z 1A/FF 0000000B - - - beat')).toMatchObject({ lsn: 0x1A000000FFn, timeline: 11, received: null, slotState: null });
    expect(parseReading(line.replace('- -', '-4096 -'))?.slotRoomBytes).toBe(-4096n);
  });

  it('is left out where its line was cut or joined with another', () => {
    const whole = readingsIn(`${line}\n${line.replace(':30', ':31')}\n`);
    expect(whole).toHaveLength(2);
    for (let end = 0; end < line.length; end += 1) expect(readingsIn(`${line.slice(0, end)}\n${line.replace(':30', ':31')}\n`), `cut at ${end}`).toEqual(whole.slice(1));
    expect(readingsIn(`${line.slice(0, 40)}${line}\n`)).toEqual([]);
    expect(readingsIn('')).toEqual([]);
  });

  it('comes in the order of the clock', () => {
    expect(readingsIn(`${line.replace(':30', ':32')}\n${line}\n${line.replace(':30', ':31')}\n`).map(({ at }) => at.slice(17, 19))).toEqual(['30', '31', '32']);
  });

  it('is asked for by a moment and nothing else', () => {
    expect(['2026-11-29T03:22:30.387847Z', '2026-11-29T03:22:30Z'].every(isMoment)).toBe(true);
    expect(['', '2026-11-29', '2026-11-29T03:22:30+01:00', '2026-11-29T03:22:30Z\n', 'x"; exit'].some(isMoment)).toBe(false);
  });
});

describe('a file of the log', () => {
  it('is known by its name alone', () => {
    expect(['000000010000000000000003', '000000010000000000000003.partial', '00000002.history'].map(walFileKind)).toEqual(['segment', 'partial', 'history']);
    for (const name of ['', '.', '..', '../x', '/wal/segments/000000010000000000000003', '000000010000000000000003\n', ' 000000010000000000000003', '000000010000000000000003.partial.partial', '.partial', '00000001.history.tmp',
      '000000000000000000000003', '00000001000000000000000g', '00000001000000000000000a', '-000000010000000000000003', '00000000.history', '000000010000000000000003.gz']) expect(walFileKind(name), name).toBeNull();
  });

  it('is listed in the log\'s order, once, and nothing else is', () => {
    const files = placedFilesIn([
      '16 /wal/segments/000000020000000000000005', '8 /wal/segments/00000002.history', '16 /wal/segments/000000010000000000000004', '16 /wal/former/000000010000000000000005.partial',
      '17 /wal/former/000000010000000000000004', '9 /wal/segments/00000002.history.tmp', '16 /wal/segments/000000020000000000000006.partial', 'rm: no', '',
    ].join('\n'));
    expect(receivedFiles(files)).toEqual([
      { name: '000000010000000000000004', sizeBytes: 16 }, { name: '00000002.history', sizeBytes: 8 },
      { name: '000000020000000000000005', sizeBytes: 16 }, { name: '000000020000000000000006.partial', sizeBytes: 16 },
    ]);
    expect(releasablePaths(receivedFiles(files).map(({ name }) => name), files).toSorted()).toEqual([
      '/wal/former/000000010000000000000004', '/wal/segments/000000010000000000000004', '/wal/segments/00000002.history',
    ]);
    expect([directoriesOf('000000010000000000000004'), directoriesOf('000000010000000000000005.partial')]).toEqual([['segments', 'former'], ['segments']]);
    expect(releasablePaths(['000000020000000000000005', '000000020000000000000006.partial', 'cluster.json'], files)).toEqual([]);
  });
});

describe('the end of a receiver', () => {
  const end = (words: string, exitCode: number | null = 81) => endOfReceiver(exitCode, words, 'db')?.type ?? null;

  it('is no failure where its database ended, or somebody killed it', () => {
    for (const words of [
      '', 'Killed\n', 'Terminated      ', 'pg_receivewal: error: connection to server at "127.0.0.1", port 5432 failed: Connection refused',
      'psql:/dev/shm/sample.sql:41: FATAL:  terminating connection due to administrator command\nserver closed the connection unexpectedly',
      'pg_receivewal: error: could not send replication command "START_REPLICATION": ERROR:  replication slot "holdfast_0" is active for PID 12',
      'pg_receivewal: error: could not send replication command "START_REPLICATION": ERROR:  replication slot "holdfast_0" does not exist',
      'pg_receivewal: error: connection to server failed: FATAL:  the database system is shutting down',
    ]) expect(end(words), words).toBeNull();
    expect([end('', 137), end('', 74), end('', null)]).toEqual([null, null, null]);
  });

  it('is told where it was something else', () => {
    expect(end('pg_receivewal: error: could not write 8192 bytes to WAL file "x": No space left on device')).toBe('DiskFull');
    expect(end('', 28)).toBe('DiskFull');
    expect(end('pg_receivewal: error: unexpected termination of replication stream: ERROR:  requested WAL segment 000000010000000000000002 has already been removed')).toBe('WalSlotLost');
    expect(end('pg_receivewal: error: connection failed: FATAL:  number of requested standby connections exceeds "max_wal_senders" (currently 1)')).toBe('UnsupportedTopology');
    expect(end('pg_receivewal: error: connection failed: FATAL:  password authentication failed for user "x"')).toBe('AuthenticationFailed');
    expect(end('pg_receivewal: error: connection failed: FATAL:  no pg_hba.conf entry for replication connection from host "127.0.0.1", user "x"')).toBe('AuthenticationFailed');
    expect(end('pg_receivewal: error: could not send replication command "START_REPLICATION": ERROR:  requested starting point 0/5000000 is ahead of the WAL flush position of this server 0/4000000')).toBe('WalConflict');
    expect(end('pg_receivewal: error: something new')).toBe('HelperFailed');
  });
});

describe('what the volume remembers', () => {
  it('is whole, or a conflict', () => {
    const text = '{"systemIdentifier":"7300000000000000001","majorVersion":17,"segmentSizeBytes":16777216,"slot":"made"}';
    expect(parseKept(text, 'x')).toEqual({ systemIdentifier: '7300000000000000001', majorVersion: 17, segmentSizeBytes: 16777216, slot: 'made' });
    for (const damaged of ['', 'null', '[]', '{', text.slice(0, -2), text.replace('made', 'other'), text.replace('16777216', '5'), text.replace('"7300000000000000001"', '7'), text.replace('17,', '"17",')]) {
      expect(() => parseKept(damaged, 'x'), damaged).toThrow(expect.objectContaining({ type: 'WalConflict' }));
    }
  });
});

describe('a receiver\'s labels', () => {
  it('are nobody\'s run', () => {
    const identity = { namespaceId: 'n', service: 's', component: 'c' };
    const labels = receiverLabels(identity);
    expect(identityOf(labels)).toBeNull();
    expect(ownersOf([{ labels }])).toEqual([]);
    expect(receiverName(identity)).toMatch(/^holdfast-wal-[0-9a-f]{12}$/);
    expect(new Set([identity, { ...identity, namespaceId: 'm' }, { ...identity, service: 't' }, { ...identity, component: 'd' }].map(receiverName)).size).toBe(4);
  });
});
