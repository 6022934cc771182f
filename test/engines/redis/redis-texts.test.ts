/** What is read from Redis's texts: errors that exit 0, INFO, settings of a command line or file; and what is written for it. */
import { describe, expect, test } from 'vitest';
import { redisProblem } from '../../../src/engines/redis/server/redis-cli.ts';
import { copyConfiguration, replicaConfiguration } from '../../../src/engines/redis/helper/redis-config.ts';
import { keyspaceOf, mountOf, mountOnEntry, parseInfo, parseTime } from '../../../src/engines/redis/server/server-facts.ts';
import { commandSettings, fileSettings, sameSetting } from '../../../src/engines/redis/server/start-up-settings.ts';
import { checkOwnPath } from '../../../src/engines/redis/cut-over/staging.ts';
import { parseCheck } from '../../../src/engines/redis/helper/load-rdb.ts';

describe('redis-cli', () => {
  test.each([
    ['AUTH failed: WRONGPASS invalid username-password pair or user is disabled.', 'AuthenticationFailed'],
    ['AUTH failed: ERR AUTH <password> called without any password configured', 'AuthenticationFailed'],
    ['AUTH failed: ERR max number of clients reached', 'DatabaseUnreachable'],
    ['AUTH failed: ERR max number of clients reached\nError: Connection reset by peer', 'DatabaseUnreachable'],
    ['ERR max number of clients + cluster connections reached', 'DatabaseUnreachable'],
    ['NOAUTH Authentication required.', 'AuthenticationFailed'],
    ["NOPERM User x has no permissions to run the 'sync' command", 'PermissionDenied'],
    ["ERR unknown command 'CONFIG', with args beginning with: 'GET'", 'PermissionDenied'],
    ['LOADING Redis is loading the dataset in memory', 'DatabaseUnreachable'],
    ['Could not connect to Redis at 127.0.0.1:6379: Connection refused', 'DatabaseUnreachable'],
    ["Unrecognized option or bad number of args for: '-e'", 'WrongContainer'],
  ])('%s', (words, type) => {
    expect(redisProblem({ exitCode: 0, stdout: '', stderr: `${words}\n` })?.type).toBe(type);
    expect(redisProblem({ exitCode: 1, stdout: `${words}\n`, stderr: '' })?.type).toBe(type);
  });

  test('data that looks like an error further in is data', () => {
    expect(redisProblem({ exitCode: 0, stdout: 'dir\nNOAUTH is what it says\n', stderr: '' })).toBeNull();
  });

  test('an exit code without a word, and a tool that is not there', () => {
    expect(redisProblem({ exitCode: 1, stdout: '', stderr: '' })?.type).toBe('DatabaseUnreachable');
    expect(redisProblem({ exitCode: 127, stdout: '', stderr: 'exec: "redis-cli": not found' })?.type).toBe('WrongContainer');
    expect(redisProblem({ exitCode: 126, stdout: 'OCI runtime exec failed: exec failed: open /sys/fs/cgroup/docker/5f/cgroup.procs: no such file or directory: unknown', stderr: '' })?.type).toBe('DatabaseUnreachable');
  });
});

describe('INFO and TIME', () => {
  test('keys by database, in order', () => {
    expect(keyspaceOf(parseInfo('# Keyspace\r\ndb10:keys=1,expires=0,avg_ttl=0\r\ndb2:keys=30,expires=5,avg_ttl=9,subexpiry=0\r\n'))).toEqual([
      { database: 2, keys: '30', expires: '5' }, { database: 10, keys: '1', expires: '0' },
    ]);
  });

  test('the time in milliseconds, and never a guess', () => {
    expect(parseTime('1795470031\n123456\n')).toBe(1795470031123);
    expect(() => parseTime('(nil)')).toThrow('no time');
  });

  test('redis-check-rdb', () => {
    expect(parseCheck("[offset 52] AUX FIELD ctime = '1795470031'\n[info] 11 keys read\n[info] 3 expires\n[info] 1 already expired\n")).toEqual({ keys: 11, expires: 3, alreadyExpired: 1, createdAtSeconds: 1795470031 });
  });
});

test('the mount of a directory: the longest, writable, of a kind that outlives the container', () => {
  const volume = { type: 'volume', source: 'v', destination: '/data', writable: true } as const;
  const inner = { type: 'bind', source: '/srv/x', destination: '/data/in', writable: true } as const;
  expect(mountOf([volume, inner], '/data')).toEqual({ type: 'volume', source: 'v', subdirectory: '' });
  expect(mountOf([volume, inner], '/data/in/deep er')).toEqual({ type: 'bind', source: '/srv/x', subdirectory: 'deep er' });
  expect(mountOf([volume], '/database')).toBeNull();
  expect(mountOf([{ ...volume, writable: false }], '/data')).toBeNull();
  expect(mountOf([{ ...volume, type: 'tmpfs', source: null }], '/data')).toBeNull();
});

test('a mount on what is exchanged is named, one beside it is not', () => {
  const at = (destination: string) => ({ type: 'volume', source: 'v', destination, writable: true }) as const;
  const found = (directory: string, ...destinations: string[]): string | null => mountOnEntry(destinations.map(at), directory, ['dump.rdb', 'appendonlydir']);
  expect(found('/data', '/', '/data', '/data/', '/data/redis.conf', '/data/dump.rdb.old', '/appendonlydir')).toBeNull();
  expect(found('/data/', '/data', '/data/appendonlydir')).toBe('/data/appendonlydir');
  expect(found('/data', '/data/appendonlydir/base')).toBe('/data/appendonlydir/base');
});

describe('settings after a restart', () => {
  test('of a command line', () => {
    expect(commandSettings(['redis-server', '--appendonly', 'yes', '--save', '', '--requirepass', '--dir', '/data', '--appendonly', 'no'])).toEqual(new Map([['appendonly', 'no'], ['save', ''], ['dir', '/data']]));
  });
  test('a directory is the same with a slash at its end, a file name is not', () => {
    expect(sameSetting('dir', '/data', '/data/')).toBe(true);
    expect(sameSetting('dir', '/', '//')).toBe(true);
    expect(sameSetting('dir', '/data', '/data2')).toBe(false);
    expect(sameSetting('dbfilename', 'dump.rdb', 'dump.rdb/')).toBe(false);
  });
  test('of a file', () => {
    expect(fileSettings('# appendonly no\nappendonly yes\ndir "/data"\ndbfilename \'a b.rdb\'\nrequirepass "x\\x20"\n')).toEqual(new Map([['appendonly', 'yes'], ['dir', '/data'], ['dbfilename', 'a b.rdb']]));
  });
});

test('a configuration holds any file name as one value', () => {
  const text = replicaConfiguration({ directory: '/live/.holdfast/0123456789abcdef/new', dbFilename: 'a "b"\\ é\n$(x).rdb', highestDatabase: 20, appendOnly: false, modules: [{ name: 'm', path: '/m.so', args: ['x y'] }] });
  expect(text).toContain('dbfilename "a \\x22b\\x22\\x5c \\xc3\\xa9\\x0a$(x).rdb"\n');
  expect(text).toContain('databases "21"\n');
  expect(text).toContain('loadmodule "/m.so" "x y"\n');
  expect(text).toContain('replicaof "127.0.0.1" "1"\n');
  // Whatever the size: what loads it evicts nothing, and would say so if it had to.
  expect(text).toContain('maxmemory "0"\n');
  expect(text).toContain('maxmemory-policy "noeviction"\n');
});

test('a copy follows nobody, and lets in whoever has the password, of which it keeps the hash', () => {
  const common = { directory: '/copy', dbFilename: 'dump.rdb', highestDatabase: 3, modules: [], port: 6379 };
  const open = copyConfiguration({ ...common, user: null });
  expect(open).toContain('port "6379"\n');
  expect(open).not.toMatch(/replicaof|user |requirepass/);
  expect(copyConfiguration({ ...common, user: { name: 'default', passwordSha256: 'ab'.repeat(32) } })).toContain(`user "default" "reset" "on" "#${'ab'.repeat(32)}" "~*" "&*" "+@all"\n`);
  // Where he has a name, the nameless one is nobody.
  expect(copyConfiguration({ ...common, user: { name: 'app', passwordSha256: 'cd'.repeat(32) } })).toMatch(/user "app" "reset" "on" .*\nuser "default" "reset"\n$/);
});

test('only directories of Holdfast are ever removed or moved', () => {
  expect(checkOwnPath('.holdfast/0123456789abcdef/old', 'x')).toBe('.holdfast/0123456789abcdef/old');
  for (const path of ['', '.', '/', '.holdfast', '.holdfast/0123456789abcdef', '.holdfast/../old', '.holdfast/0123456789abcdef/../../old', 'appendonlydir', '/.holdfast/0123456789abcdef/old', '.holdfast/0123456789abcdef/old/x', '.holdfast/0123456789ABCDEF/old']) {
    expect(() => checkOwnPath(path, 'x')).toThrow('not a directory that Holdfast makes');
  }
});
