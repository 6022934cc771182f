/** The pure parts: what is read from the server's and the tools' words, and what it means. */
import { describe, expect, it } from 'vitest';
import type { DatabaseProperties, PostgresBase, PostgresDump } from '../../../src/domain/backup-manifest.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import { checkFailure } from '../../../src/engines/postgres/base/base-input.ts';
import { compareRestored } from '../../../src/engines/postgres/content/compare-restored.ts';
import { contentFrom } from '../../../src/engines/postgres/content/content-reading.ts';
import { backUpFailure } from '../../../src/engines/postgres/content/back-up-failure.ts';
import { roomIn } from '../../../src/engines/postgres/inspect.ts';
import { restoreFailure } from '../../../src/engines/postgres/content/restore-failure.ts';
import { diskFullIn, finalRefusal, firstError, machineTroubleIn, saysCatalogDamaged } from '../../../src/engines/postgres/server/psql-failure.ts';
import { portIn } from '../../../src/engines/postgres/server/psql.ts';
import { psqlVariables } from '../../../src/engines/postgres/server/psql-variables.ts';
import { cutOverState } from '../../../src/engines/postgres/side/database-state.ts';
import { tableNotes } from '../../../src/engines/postgres/side/loss.ts';
import { propertyNotes } from '../../../src/engines/postgres/side/plan-notes.ts';

const result = (files: Readonly<Record<string, string>>, exitCode = 1) => ({ exitCode, files: new Map(Object.entries(files)), messages: '' });

it.each<[boolean, string]>([
  [true, 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  database "template1" is not currently accepting connections'],
  [true, 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  role "postgres" is not permitted to log in'],
  [true, 'psql: error: FATAL:  too many connections for database "template1"'],
  [true, 'psql: error: connection to server at "127.0.0.1", port 5432 failed: FATAL:  no pg_hba.conf entry for host "127.0.0.1"'],
  [false, 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  the database system is not yet accepting connections\nDETAIL:  Consistent recovery state has not been yet reached.'],
  [false, 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  the database system is starting up'],
  [false, 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  sorry, too many clients already'],
  [false, 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?'],
  [false, 'FATAL:  terminating connection due to conflict with recovery\nserver closed the connection unexpectedly'],
  [false, 'psql:<stdin>:2: ERROR:  canceling statement due to conflict with recovery'],
])('whether a refusal stays (%s): %s', (stays, messages) => {
  expect(finalRefusal(messages) !== null).toBe(stays);
});

it.each<[boolean, string]>([
  [true, 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  could not open file "base/1/1259": No such file or directory'],
  [true, 'FATAL:  relation mapping file "global/pg_filenode.map" contains invalid data'], [true, 'FATAL:  cache lookup failed for relation 1259'], [true, 'FATAL:  could not read blocks 3..3 in file "base/1/1249": read only 0 of 8192 bytes'],
  [false, 'FATAL:  database "template1" is not currently accepting connections'], [false, 'FATAL:  could not access file "auth_delay": No such file or directory'], [false, 'FATAL:  could not load library "x": undefined symbol'],
])('whether a refusal is of damaged catalogues (%s): %s', (damaged, messages) => {
  expect([finalRefusal(messages) !== null, saysCatalogDamaged(messages)]).toEqual([true, damaged]);
});

describe('psqlVariables', () => {
  it('quotes so that nothing ends the argument', () => {
    expect(psqlVariables({ a: 'it\'s', b: 'back\\slash', c: 'two\nlines', d: 7, e: '`id` :x $(y)' })).toBe(
      '\\set a \'it\'\'s\'\n\\set b \'back\\\\slash\'\n\\set c \'two\\nlines\'\n\\set d \'7\'\n\\set e \'`id` :x $(y)\'\n',
    );
  });
});

describe('firstError', () => {
  it('takes the server\'s first error and no detail, which may quote a row', () => {
    expect(firstError('psql:<stdin>:3: ERROR:  new row violates check constraint "c"\nDETAIL:  Failing row contains (secret).')).toBe('ERROR:  new row violates check constraint "c"');
    for (const words of [
      'invalid input syntax for type integer: "secret"', 'invalid input value for enum mood: "secret"', 'value "secret" is out of range for type integer', '"secret" is out of range for type real',
      'malformed array literal: "a "secret" b"', 'malformed range literal: "secret"', 'date/time field value out of range: "secret"', 'invalid byte sequence for encoding "UTF8": secret',
    ]) {
      const told = firstError(`pg_restore: error: COPY failed for table "t": ERROR:  ${words}`);
      expect(told).not.toContain('secret');
      expect(told).toContain('table "t"');
    }
    expect(firstError('ERROR:  "kept" is not a table')).toContain('kept');
    expect(firstError('psql: error: connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "d" does not exist')).toContain('database "d"');
  });
});

describe('checkFailure, of a base backup', () => {
  it.each<[FailureType, string, string]>([
    ['CouldNotVerify', 'source', 'sha256sum: 0-base.tar.zst: Permission denied'],
    ['RepositoryUnreachable', 'source', 'sha256sum: 0-base.tar.zst: Transport endpoint is not connected'],
    ['DiskFull', 'source', 'sha256sum: write error: No space left on device'],
    ['CouldNotVerify', 'tar', 'tar: base/5/2619: Cannot open: Too many open files'],
    ['CouldNotVerify', 'verify', 'pg_verifybackup: error: could not open file "base/5/1": Input/output error\npg_verifybackup: error: could not open file "base/5/2": Input/output error'],
    ['CouldNotVerify', 'combine', 'pg_combinebackup: error: could not read file "base/5/1": Input/output error'],
    ['CouldNotVerify', 'server', '2026-12-01 10:00:00.000 UTC [9] FATAL:  the database system is starting up\n2026-12-01 10:00:00.000 UTC [8] PANIC:  could not open file "global/pg_control": Permission denied'],
    ['CouldNotVerify', 'server', 'FATAL:  could not map anonymous shared memory: Cannot allocate memory'],
    ['ArtifactDamaged', 'damaged', ''],
    ['ArtifactDamaged', 'unpack', 'zstd: /source/0-base.tar.zst : Decoding error (36) : Corrupted block detected'],
    ['ArtifactDamaged', 'tar', 'tar: Unexpected EOF in archive'],
    // The one file that could not be read does not excuse the other.
    ['ArtifactDamaged', 'verify', 'pg_verifybackup: error: could not open file "base/5/1": Input/output error\npg_verifybackup: error: checksum mismatch for file "base/5/2"'],
    ['RestoreFailed', 'combine', 'pg_combinebackup: error: full backup "a" and incremental backup "b" differ'],
    ['RestoreFailed', 'server', '2026-12-01 10:00:00.000 UTC [8] LOG:  could not open file "postmaster.pid": Permission denied\n2026-12-01 10:00:00.000 UTC [8] PANIC:  could not locate a valid checkpoint record'],
  ])('is %s when step %s says so', (type, step, words) => {
    expect(checkFailure(result({ failed: `${step}\n`, [`${step}.err`]: words }), { component: 'postgres' } as PostgresBase, 'verify').type).toBe(type);
  });
});

it('portIn finds the port that a server was started with', () => {
  for (const words of ['-c port=5544', '--port=5544', '-p 5544', '-p5544', '-c shared_buffers=1GB -c port=5544 -c fsync=off']) expect(portIn(['postgres', ...words.split(' ')])).toBe('5544');
  for (const words of ['-c fsync=off', '-c report=5', '-c wal_port=7']) expect(portIn(['postgres', ...words.split(' ')])).toBeNull();
});

describe('backUpFailure', () => {
  it.each<[FailureType, string, string]>([
    ['DiskFull', 'tee', 'tee: \'standard output\': No space left on device'],
    ['DiskFull', 'dump', 'pg_dump: error: could not write to file: No space left on device'],
    ['TableLocked', 'content.1', 'ERROR:  canceling statement due to lock timeout'],
    ['TableLocked', 'dump', 'pg_dump: error: could not obtain lock on relation "t"'],
    ['TableLocked', 'dump', 'pg_dump: error: query failed: ERROR:  canceling statement due to lock timeout'],
    ['RowSecurityFilters', 'dump', 'ERROR:  query would be affected by row-level security policy for table "t"'],
    ['SnapshotLost', 'dump', 'ERROR:  snapshot "00000003-1" does not exist'],
    ['SnapshotLost', 'holder', 'FATAL:  terminating connection due to administrator command'],
    ['DatabaseUnreachable', 'dump', 'pg_dump: error: server closed the connection unexpectedly'],
    ['AuthenticationFailed', 'holder', 'connection to server at "127.0.0.1", port 5432 failed: FATAL:  password authentication failed for user "x"'],
    ['PermissionDenied', 'dump', 'ERROR:  permission denied for large object 5'],
    ['DumpFailed', 'dump', 'pg_dump: error: something new'],
  ])('is %s when step %s says so', (type, step, words) => {
    expect(backUpFailure(result({ failed: `${step}\n`, snapshot: '{}', [`${step}.err`]: words }), 'c/d').type).toBe(type);
  });
});

it('too little room is told with what is needed and what there is', () => {
  const full = result({ failed: 'space\n', space: '2147483648 1048576\n' });
  for (const failure of [backUpFailure(full, 'c/d'), restoreFailure(full, 'c/d', 'restore')]) expect(failure).toMatchObject({ type: 'NotEnoughSpace', fields: { cause: 'the volume of the helper needs 2.0GB, 1.0MB are free' } });
});

describe('roomIn', () => {
  const df = (log: string): string => `Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 50 40 50% /var/lib/postgresql/data\n${log}\n`;

  it('tells the log\'s room only where it has its own', () => {
    expect(roomIn(df('/dev/sda1 100 50 40 50% /var/lib/postgresql/data'))).toEqual({ freeBytes: 40960, walFreeBytes: null });
    expect(roomIn(df('/dev/sdb1 100 50 7 50% /wal'))).toEqual({ freeBytes: 40960, walFreeBytes: 7168 });
    expect(roomIn('df: what?')).toEqual({ freeBytes: null, walFreeBytes: null });
  });
});

describe('restoreFailure', () => {
  it.each<[FailureType, string, string]>([
    ['ArtifactDamaged', 'damaged', ''],
    ['ArtifactDamaged', 'read', 'pg_restore: error: could not uncompress data'],
    ['ArtifactDamaged', 'unpack', 'tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors'],
    ['DiskFull', 'unpack', 'tar: dump/3042.dat.zst: Wrote only 512 of 10240 bytes\ntar: Exiting with failure status due to previous errors'],
    ['DiskFull', 'members', 'sha256sum: write error: No space left on device'],
    ['DiskFull', 'restore', 'ERROR:  could not extend file "base/5/16384": No space left on device'],
    ['NotEnoughSpace', 'space', ''],
    ['ExtensionMissing', 'restore', 'pg_restore: error: could not execute query: ERROR:  timescaledb must be preloaded via shared_preload_libraries'],
    ['ExtensionMissing', 'restore', 'pg_restore: error: could not execute query: ERROR:  pg_cron can only be loaded via shared_preload_libraries'],
    ['ExtensionMissing', 'restore', 'pg_restore: error: could not execute query: ERROR:  extension "postgis" is not available'],
    // It ends every connection to the database that asks for the library.
    ['ExtensionMissing', 'content.1', 'psql: error: connection to server at "127.0.0.1", port 5432 failed: FATAL:  could not access file "auto_explain": No such file or directory'],
    ['LocaleMissing', 'restore', 'initdb: error: invalid locale name "en_US.utf8"'],
    ['LocaleMissing', 'restore', 'pg_restore: error: could not execute query: ERROR:  could not create locale "de_DE": No such file or directory'],
    ['PermissionDenied', 'restore', 'ERROR:  permission denied to change owner of event trigger "e"\nHINT:  The owner of an event trigger must be a superuser.'],
    ['RestoreFailed', 'restore', 'pg_restore: error: COPY failed for table "t": ERROR:  relation "x" does not exist'],
    ['DiskFull', 'restore', 'pg_restore: error: COPY failed for table "orders": ERROR:  could not write to file "base/pgsql_tmp/pgsql_tmp71.0": Disk quota exceeded'],
    ['DatabaseUnreachable', 'restore', 'server closed the connection unexpectedly'],
    ['DatabaseUnreachable', 'restore', 'pg_restore: error: could not execute query: SSL SYSCALL error: EOF detected'],
    ['DatabaseUnreachable', 'restore', 'pg_restore: error: could not execute query: SSL error: unexpected eof while reading'],
    ['DatabaseUnreachable', 'restore', 'psql:/holdfast/work/session.sql:3: error: connection to server was lost'],
    // What rows and names hold is not what is said.
    ['RestoreFailed', 'restore', 'pg_restore: error: COPY failed for table "logs": ERROR:  duplicate key value violates unique constraint "too many clients"\nDETAIL:  Key (line)=(could not connect\nERROR: No space left on device) already exists.\nCONTEXT:  COPY logs, line 7, column line: "permission denied"'],
    ['RestoreFailed', 'restore', 'pg_restore: error: could not execute query: ERROR:  relation "disk full" does not exist\nCommand was: COMMENT ON TABLE "disk full" IS \'server closed the connection\';\n'],
    // What the helper could not read says nothing of the bytes; what comes back is waited for.
    ['CouldNotVerify', 'source', 'sha256sum: /source/dump.tar: Permission denied'],
    ['CouldNotVerify', 'source', ''],
    ['RepositoryUnreachable', 'source', 'tee: read error: Input/output error'],
    ['RepositoryUnreachable', 'source', 'sha256sum: /source/dump.tar: Stale file handle'],
    // A machine that could not.
    ['CouldNotVerify', 'restore', 'pg_restore: error: COPY failed for table "t": ERROR:  out of memory\nDETAIL:  Failed on request of size 1048576.\nCONTEXT:  COPY t, line 1\npg_restore: error: a worker process died unexpectedly'],
    ['CouldNotVerify', 'restore', 'pg_restore: error: could not execute query: ERROR:  could not open file "base/5/16400": Too many open files'],
    ['CouldNotVerify', 'restore', 'pg_restore: error: could not execute query: ERROR:  could not write block 3 of file "base/5/16400": Input/output error'],
    ['CouldNotVerify', 'restore', 'pg_restore: error: could not execute query: ERROR:  could not open file "base/5/16400": Permission denied'],
    ['CouldNotVerify', 'restore', 'pg_restore: error: could not execute query: ERROR:  could not create file "base/5/16400": Read-only file system'],
    ['CouldNotVerify', 'list', 'pg_restore: error: could not open input file "/holdfast/work/dump/toc.dat": Stale file handle'],
    ['CouldNotVerify', 'unpack', 'tar: dump/3042.dat.zst: Cannot open: Permission denied\ntar: Exiting with failure status due to previous errors'],
    ['CouldNotVerify', 'members', 'xargs: cannot fork: Cannot allocate memory'],
    // What a database refuses is no machine's word, nor is what rows, names and functions say, nor what no server could hold; and damage beside it stays damage.
    ['PermissionDenied', 'restore', 'pg_restore: error: could not execute query: ERROR:  permission denied for table orders'],
    ['RestoreFailed', 'restore', 'pg_restore: error: could not execute query: ERROR:  relation "x: Permission denied" does not exist\nCommand was: SELECT \'ERROR: Input/output error\';\n'],
    ['RestoreFailed', 'restore', 'pg_restore: error: COPY failed for table "logs": ERROR:  duplicate key value violates unique constraint "u"\nDETAIL:  Key (line)=(cat: x: Input/output error) already exists.\nCONTEXT:  COPY logs, line 7'],
    ['RestoreFailed', 'restore', 'pg_restore: error: COPY failed for table "logs": ERROR:  line 7: Input/output error\nCONTEXT:  PL/pgSQL function refuse_line() line 3 at RAISE\nCOPY logs, line 7'],
    ['RestoreFailed', 'restore', 'pg_restore: error: COPY failed for table "t": ERROR:  out of memory\nDETAIL:  Cannot enlarge string buffer containing 1073741822 bytes by 8192 more bytes.\nCONTEXT:  COPY t, line 1'],
    ['RestoreFailed', 'restore', 'pg_restore: error: could not execute query: ERROR:  out of memory\npg_restore: error: could not execute query: ERROR:  insert or update on table "a" violates foreign key constraint "f"'],
    ['ArtifactDamaged', 'damaged', 'tee: x: Input/output error'],
    ['DatabaseUnreachable', 'restore', 'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: Permission denied'],
    ['DiskFull', 'restore', 'pg_restore: error: COPY failed for table "t": ERROR:  duplicate key\nDETAIL:  Key (v)=(1)\npg_restore: error: could not write to output file: No space left on device'],
  ])('is %s when step %s says so', (type, step, words) => {
    expect(restoreFailure(result({ failed: `${step}\n`, [`${step}.err`]: words }), 'c/d', 'restore').type).toBe(type);
  });
});

describe('diskFullIn', () => {
  it.each([
    ['tar: base/5/2619: Cannot write: No space left on device', 'tar: pg_wal/000000010000000000000002: x\ntar: base/5/2619: Cannot write: No space left on device\ntar: Exiting with failure status due to previous errors'],
    // What the last file was cut short by, tar does not say.
    ['tar: base/5/2619: Wrote only 2560 of 10240 bytes', 'tar: base/5/2619: Wrote only 2560 of 10240 bytes\ntar: Exiting with failure status due to previous errors'],
    ['tar: short write', 'tar: short write'],
    ['pg_combinebackup: error: could not write to file "/x/base/5/1259_fsm", offset 0: wrote 20480 of 24576', 'pg_combinebackup: error: could not write to file "/x/base/5/1259_fsm", offset 0: wrote 20480 of 24576'],
    [null, 'tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors'],
  ])('%s', (said, messages) => {
    expect(diskFullIn(messages)).toBe(said);
  });
});

it('machineTroubleIn names what the machine said, with the names that it said it of', () => {
  expect(machineTroubleIn('10:00 [9] FATAL:  the database system is starting up\n10:00 [8] FATAL:  could not open file "global/pg_control": Permission denied')).toBe('10:00 [8] FATAL:  could not open file "global/pg_control": Permission denied');
  expect(machineTroubleIn('tar: dump/toc.dat: Cannot open: Input/output error\ntar: Exiting with failure status due to previous errors')).toBe('tar: dump/toc.dat: Cannot open: Input/output error');
  expect(machineTroubleIn('pg_waldump: error: could not read file "x": Input/output error\npg_verifybackup: error: WAL parsing failed for timeline 1')).toContain('"x": Input/output error');
  for (const words of ['', 'ERROR:  out of shared memory', 'ERROR:  invalid memory alloc request size 18446744073709551613', 'permission denied for table t']) expect(machineTroubleIn(words)).toBeNull();
});

describe('contentFrom', () => {
  const sequence = (lastValue: string, increment = '1') => JSON.stringify([{ sequence: 's', lastValue, increment, cycle: false }]);
  const files = {
    'content.1': '{"piece": 0, "table": "t", "rows": "2", "hash": "9007199254740993"}\n{"piece": 2, "largeObjects": "0", "hash": "0"}\n', 'content.2': '{"piece": 1, "table": "t", "rows": "1", "hash": "-1"}\n',
    expected: '{"pieces": 3, "tables": 1}',
    objects: '{"view": "1", "index": "2"}', 'sequences.first': sequence('5'), 'sequences.last': sequence('9'),
  };

  it('adds pieces of one table, and takes the lesser reading of a sequence', () => {
    expect(contentFrom(result(files, 0), 2).content).toEqual({
      engine: 'postgres', tables: [{ table: 't', rows: '3', hash: '9007199254740992' }], sequences: [{ sequence: 's', lastValue: '5' }],
      largeObjects: { count: '0', hash: '0' }, objects: { index: '2', view: '1' },
    });
    expect(contentFrom(result({ ...files, 'sequences.last': sequence('3') }, 0), 2).content.sequences[0]?.lastValue).toBe('3');
    expect(contentFrom(result({ ...files, 'sequences.first': sequence('-5', '-1'), 'sequences.last': sequence('-9', '-1') }, 0), 2).content.sequences[0]?.lastValue).toBe('-5');
  });

  it('is nothing without every part', () => {
    for (const name of ['objects', 'sequences.first', 'content.1', 'expected']) expect(() => contentFrom(result({ ...files, [name]: '' }, 0), 2)).toThrow('no such result');
  });

  it('is nothing where a piece is missing, or counted twice, or another table is there than was listed', () => {
    const second = files['content.2'];
    expect(() => contentFrom(result({ ...files, 'content.2': '' }, 0), 2)).toThrow('piece 1 of 3');
    expect(() => contentFrom(result({ ...files, 'content.2': second + second }, 0), 2)).toThrow('twice');
    expect(() => contentFrom(result({ ...files, 'content.2': second.replace('1,', '3,') }, 0), 2)).toThrow('piece 3 of 3');
    expect(() => contentFrom(result({ ...files, expected: '{"pieces": 3, "tables": 2}' }, 0), 2)).toThrow('2 were listed and 1 counted');
  });

  it('finds a restored sequence that lies behind', () => {
    const { content } = contentFrom(result(files, 0), 2);
    const restored = (text: string) => compareRestored({ content } as PostgresDump, contentFrom(result({ ...files, 'sequences.first': text, 'sequences.last': text }, 0), 2));
    expect(restored(sequence('5'))).toEqual([]);
    expect(restored(sequence('4'))).toEqual([{ object: 's', property: 'last value', expected: '5 or past it', found: '4' }]);
    expect(restored(sequence('unused'))).toHaveLength(1);
  });
});

describe('cutOverState', () => {
  const names = { database: 'app', liveOid: 1, sideOid: 2, sideName: 'side', asideName: 'aside' };
  const database = (oid: number, name: string) => ({ oid, name, open: false, xmin: '1', sessions: 0, prepared: 0, slots: [] });

  it.each([
    ['before', [database(1, 'app'), database(2, 'side')], names],
    ['before', [database(1, 'app')], names],
    ['after', [database(2, 'app'), database(1, 'aside')], names],
    ['after', [database(2, 'app')], names],
    ['other', [database(3, 'app'), database(1, 'aside'), database(2, 'side')], names],
    ['other', [database(2, 'app'), database(1, 'elsewhere')], names],
    ['other', [], names],
    ['before', [database(2, 'side')], { ...names, liveOid: 0 }],
    ['after', [database(2, 'app')], { ...names, liveOid: 0 }],
    ['other', [database(3, 'app'), database(2, 'side')], { ...names, liveOid: 0 }],
  ])('is %s for %j', (state, databases, given) => {
    expect(cutOverState(databases, given).state).toBe(state);
  });
});

describe('what a plan says', () => {
  it('names the tables that lose most, ten at most', () => {
    const backup = { content: { tables: [{ table: 'a', rows: '10', hash: null }, { table: 'gone', rows: '5', hash: null }, { table: 'same', rows: '1', hash: null }] } } as unknown as PostgresDump;
    const live = [{ table: 'a', rows: '12', exact: true }, { table: 'same', rows: '1', exact: true }, { table: 'big', rows: '900', exact: false }];
    expect(tableNotes(backup, live)).toEqual(['big: about 900 rows now, not in the backup', 'a: 12 rows now, 10 in the backup', 'gone: not there now, 5 rows in the backup']);
    // Of what backups write themselves nobody is told that it goes.
    expect(tableNotes(backup, [{ table: 'holdfast.canary', rows: '1', exact: true }, ...live])).toEqual(tableNotes(backup, live));
    expect(tableNotes(backup, Array.from({ length: 20 }, (_, n) => ({ table: `n${n}`, rows: '1', exact: true })))).toHaveLength(11);
  });

  it('adds up partitions that are accounted for as one', () => {
    const backup = { content: { tables: [{ table: 'hashed', rows: '7', hash: null }] } } as unknown as PostgresDump;
    const parts = [{ table: 'hashed', rows: '3', exact: true }, { table: 'hashed', rows: '4', exact: true }];
    expect(tableNotes(backup, parts)).toEqual([]);
    expect(tableNotes(backup, [...parts, { table: 'hashed', rows: '2', exact: false }])).toEqual(['hashed: about 9 rows now, 7 in the backup']);
  });

  it('shows names of settings and never their values', () => {
    const base: DatabaseProperties = { owner: 'o', acl: null, connectionLimit: -1, encoding: 'UTF8', localeProvider: 'libc', collate: 'C', ctype: 'C', locale: null, icuRules: null, tablespace: 'pg_default', comment: null, isTemplate: false, settings: [] };
    const notes = propertyNotes({ ...base, owner: 'p', settings: [{ role: null, name: 'app.jwt_secret', value: 'hush' }] }, base);
    expect(notes).toEqual(['The database\'s owner becomes p (now o).', 'Database settings that come back: app.jwt_secret.']);
  });
});
