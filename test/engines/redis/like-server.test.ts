/** Where a Redis that cannot be asked keeps its data, and what a server is given that is made like it. */
import { describe, expect, test } from 'vitest';
import type { MountFacts } from '../../../src/containers/container-runtime.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import { stepSentences, unusableMark, unusableNotes } from '../../../src/engines/redis/cut-over/staging.ts';
import { configurationPath, dataMountOf, likeMounts, toldDirectory, writableBeside } from '../../../src/engines/redis/server/like-server.ts';

const mount = (destination: string, rest: Partial<MountFacts> = {}): MountFacts => ({ type: 'volume', source: `v${destination.replaceAll('/', '-')}`, destination, writable: true, ...rest });
const file = mount('/usr/local/etc/redis/redis.conf', { type: 'bind', source: '/srv/redis.conf' });

describe('the data directory', () => {
  test.each([
    [['redis-server', '--dir', '/var/lib/my redis/'], 'dir /elsewhere', '/var/lib/my redis'],
    [['sh', '-c', 'exec redis-server --dir "/srv/data" --requirepass $P'], '', '/srv/data'],
    [['redis-server', '/etc/redis.conf'], 'port 6380\ndir "/var/lib/redis"\n', '/var/lib/redis'],
    [['redis-server', '/etc/redis.conf'], 'dir ./\n', null],
    [['redis-server', '--appendonly', 'yes'], '', null],
    [['redis-server', '--dir', '/'], '', '/'],
  ])('%j with %j: %s', (command, text, directory) => expect(toldDirectory(command, text)).toBe(directory));

  test.each([
    [['docker-entrypoint.sh', 'redis-server', '/data/redis.conf', '--appendonly', 'yes'], '/data/redis.conf'],
    [['docker-entrypoint.sh', '/etc/my redis.conf'], '/etc/my redis.conf'],
    [['sh', '-c', 'exec redis-server /etc/redis.conf --requirepass "$P"'], '/etc/redis.conf'],
    [['redis-server', '--include', '/etc/more.conf'], null],
    [['redis-server', 'redis.conf'], null],
  ])('the configuration file of %j is %s', (command, path) => expect(configurationPath(command)).toBe(path));

  test('lies on its mount, else on the only one that could be meant', () => {
    const data = mount('/bitnami/redis');
    expect(dataMountOf([file, mount('/data')], '/data/sub', file.destination)).toEqual(mount('/data'));
    expect(dataMountOf([file, mount('/data'), data], null, file.destination)).toEqual(mount('/data'));
    expect(dataMountOf([file, data], null, file.destination)).toEqual(data);
    expect(dataMountOf([file, data], '/tmp', file.destination)).toBeNull();
    expect(dataMountOf([data, mount('/backup')], null, null)).toBeNull();
    expect(dataMountOf([file, data], null, null)).toBeNull();
    expect(dataMountOf([data, mount('/certs', { writable: false }), mount('/run', { type: 'tmpfs', source: null })], null, null)).toEqual(data);
  });
});

test('a server that is made like it has no data of its own and writes to nothing of it', () => {
  const [data, certs] = [mount('/data'), mount('/certs', { writable: false })];
  const mounts = [file, data, mount('/run', { type: 'tmpfs', source: null }), certs, mount('/odd', { type: 'other', source: null }), mount('/log')];
  expect(likeMounts(mounts, [data])).toEqual([
    { type: 'bind', source: '/srv/redis.conf', target: file.destination, readOnly: true },
    { type: 'volume', source: '', target: '/data' },
    { type: 'tmpfs', source: '', target: '/run' },
    { type: 'volume', source: 'v-certs', target: '/certs', readOnly: true },
    { type: 'volume', source: 'v-log', target: '/log', readOnly: true },
  ]);
  expect(writableBeside(mounts, { mount: data, file: { path: file.destination, bytes: null } })).toEqual([mount('/log')]);
  expect(writableBeside(mounts, { mount: data, file: null })).toEqual([file, mount('/log')]);
});

test('the plan says that nothing is saved, and that nobody has read what is put aside', () => {
  const cutOver = { container: 'shop-redis', asideDirectory: '.holdfast/0123456789abcdef/old', volume: 'data' } as RedisCutOver;
  expect(stepSentences(cutOver, 'the restored ones').close).toContain('after a successful SHUTDOWN SAVE');
  expect(stepSentences({ ...cutOver, ...unusableMark('it ended') }, 'the restored ones').close).toBe('stop shop-redis as it is; its files are the rollback copy, unread');
  expect([unusableMark(undefined), unusableNotes(cutOver, undefined)]).toEqual([{}, []]);
  expect(unusableNotes(cutOver, 'it ended').join()).toMatch(/shop-redis \(it ended\).*put aside as they are, unread/);
});
