import { expect, test } from 'vitest';
import { containerFacts } from '../../src/containers/docker/container-facts.ts';
import { digestOf, setUpOf } from '../../src/containers/server-facts.ts';

test.for<[string, readonly string[], string | undefined]>([
  ['postgres:17', ['mirror.example:5000/postgres@sha256:a', 'postgres@sha256:b'], 'postgres@sha256:b'],
  ['mirror.example:5000/postgres', ['postgres@sha256:b', 'mirror.example:5000/postgres@sha256:a'], 'mirror.example:5000/postgres@sha256:a'],
  ['postgres:17@sha256:b', ['postgres@sha256:b'], 'postgres@sha256:b'],
  ['renamed:1', ['postgres@sha256:b'], 'postgres@sha256:b'],
  ['built:1', [], undefined],
])('what %s is pulled by', ([image, digests, expected]) => {
  expect(digestOf(image, digests)).toBe(expected);
});

test('of its options those of the image are left out; what lies in memory is one of them, and no mount', () => {
  const facts = containerFacts({
    Id: 'abc', Name: '/db', Created: '', Image: 'sha256:1', State: { Status: 'running', ExitCode: 0 }, Mounts: [{ Type: 'volume', Name: 'pgdata', Destination: '/data', RW: true }, { Type: 'tmpfs', Destination: '/b', RW: true }],
    Config: { Image: 'own:1', StopSignal: 'SIGINT', Healthcheck: { Test: ['CMD-SHELL', 'ok'], Interval: 5e9, Timeout: 1e9 } }, HostConfig: { Tmpfs: { '/a': 'size=1m' }, Mounts: [{ Type: 'tmpfs', Target: '/b' }], AutoRemove: true },
  });
  expect(setUpOf(facts, { environment: {}, options: ['--health-cmd=ok', '--health-interval=30s', '--health-timeout=1s', '--stop-signal=SIGINT'] })).toMatchObject({
    mounts: [{ type: 'volume', source: 'pgdata', target: '/data', writable: true }], options: ['--health-interval=5s', '--tmpfs=/a:size=1m', '--mount=type=tmpfs,target=/b'], notCarried: ['--rm (a restore refuses it)'],
  });
});
