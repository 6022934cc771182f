/** What a server that recovers says when it gives up, and what is made of it. */
import { expect, test } from 'vitest';
import { addLacking, lackingIn, nothingLacking, recoveryFailure } from '../../../../src/engines/postgres/recovery/recovery-failure.ts';

test.each([
  ['ArtifactDamaged', '000000010000000000000004: it has 4096 bytes, not 16777216', '000000010000000000000004: it has 4096 bytes, not 16777216\nFATAL:  could not restore file'],
  // A share that went away while it was read from.
  ['RepositoryUnreachable', '000000010000000000000004: cat: /archive/4: Stale file handle', '000000010000000000000004: cat: /archive/4: Stale file handle\nFATAL:  could not restore file'],
  ['RepositoryUnreachable', 'the archive cannot be read', '000000010000000000000004: the archive cannot be read\nFATAL:  could not restore file'],
  // What delivers it was ended, and not by what it reads.
  ['HelperLost', 'nobody delivers 000000010000000000000004', 'nobody delivers 000000010000000000000004\n2026-11-30 07:51:18 GMT [27] FATAL:  could not restore file "000000010000000000000004" from archive: child process exited with exit code 255'],
  ['HelperLost', 'what delivers it was killed', '000000010000000000000004: what delivers it was killed\n2026-11-30 07:51:18 GMT [27] FATAL:  could not restore file "000000010000000000000004" from archive: child process exited with exit code 255'],
  ['HelperLost', 'terminated by signal 9', '2026-11-30 07:51:18 GMT [27] FATAL:  could not restore file "000000010000000000000004" from archive: child process was terminated by signal 9: Killed'],
  ['HelperLost', 'exit code 137', '2026-11-30 07:51:18 GMT [27] FATAL:  could not restore file "000000010000000000000004" from archive: child process exited with exit code 137'],
  ['PointUnreachable', 'the log ends before the moment', 'FATAL:  recovery ended before configured recovery target was reached'],
  ['RestoreFailed', 'FATAL:  database system identifier differs', 'FATAL:  database system identifier differs'],
  // Whoever looked at it before it answered is told so in its log.
  ['RestoreFailed', 'FATAL:  database system identifier differs', '2026-11-30 07:51:17.294 GMT [83] FATAL:  the database system is starting up\n2026-11-30 07:51:18 GMT [27] FATAL:  database system identifier differs'],
] as const)('%s: %s', (type, cause, log) => {
  const failure = recoveryFailure(log, 'holdfast-1-recovery');
  expect([failure.type, failure.fields.cause]).toEqual([type, expect.stringContaining(cause)]);
});

test('what the original did meanwhile is told from what goes wrong: settings that were raised, directories of tablespaces', () => {
  const log = (line: string): string => `2026-11-30 07:51:17 GMT [83] LOG:  redo starts at 0/2000028\n2026-11-30 07:51:18 GMT [27] ${line}\n2026-11-30 07:51:18 GMT [27] CONTEXT:  WAL redo at 0/3000110 for Tablespace/CREATE: 16390 "/srv/far away"\n`;
  expect(lackingIn(log('DETAIL:  max_connections = 31 is a lower setting than on the primary server, where its value was 77.'))).toEqual({ raised: { max_connections: '77' }, locations: [] });
  expect(lackingIn(log('FATAL:  directory "/srv/far away" does not exist'))).toEqual({ raised: {}, locations: ['/srv/far away'] });
  expect(lackingIn(log('FATAL:  could not set permissions on directory "/mnt": Operation not permitted'))).toEqual({ raised: {}, locations: ['/mnt'] });
  expect(lackingIn(log('FATAL:  could not open directory "pg_tblspc/16390/PG_17": No such file or directory'))).toBeNull();
});

test('what was given already and did not help is not given again', () => {
  const first = addLacking(nothingLacking, { raised: { max_connections: '77' }, locations: ['/a'] });
  expect(first).toEqual({ raised: { max_connections: '77' }, locations: ['/a'] });
  expect(addLacking(first ?? nothingLacking, { raised: { max_connections: '77' }, locations: ['/a'] })).toBeNull();
  expect(addLacking(first ?? nothingLacking, { raised: { max_connections: '99' }, locations: ['/b'] })).toEqual({ raised: { max_connections: '99' }, locations: ['/a', '/b'] });
});
