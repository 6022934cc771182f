import { expect, test } from 'vitest';
import type { ContainerSetUp } from '../../src/domain/container-set-up.ts';
import { withoutSecrets } from '../../src/domain/without-secrets.ts';

const setUp: ContainerSetUp = {
  name: 'db', image: 'postgres:17', entrypoint: [], command: [], user: null, environmentNames: [], places: {}, mounts: [], networks: [], ports: [], labels: {}, restart: 'no', init: false, shmSizeBytes: 0, memoryBytes: 0,
};

test.for<[string, readonly string[], readonly string[]]>([
  ['a password behind its option', ['redis-server', '--requirepass', 'canary', '--appendonly', 'yes'], ['redis-server', '--requirepass', 'REDACTED', '--appendonly', 'yes']],
  ['one in its option', ['x', '--auth-token=canary', 'y'], ['x', '--auth-token=REDACTED', 'y']],
  ['one that the next option follows', ['x', '--password', '--verbose'], ['x', '--password', '--verbose']],
  ['one in an address', ['x', 'amqp://user:canary@host/v'], ['x', 'amqp://user:REDACTED@host/v']],
  ['no setting of another kind', ['postgres', '-c', 'shared_buffers=1GB'], ['postgres', '-c', 'shared_buffers=1GB']],
])('nobody learns %s', ([, command, kept]) => {
  expect(withoutSecrets({ ...setUp, command }).command).toEqual(kept);
});

test('labels keep their names, and the values that are nobody\'s secret', () => {
  expect(withoutSecrets({ ...setUp, labels: { 'traefik.basicauth': 'canary', team: 'a' } }).labels).toEqual({ 'traefik.basicauth': 'REDACTED', team: 'a' });
});

const optionsOf = (...options: readonly string[]): readonly string[] | undefined => withoutSecrets({ ...setUp, options }).options;

test.for<[string, string, string]>([
  ['a password behind redis-cli\'s own option', 'redis-cli -a canary ping', 'redis-cli -a REDACTED ping'],
  ['one in quotes', 'redis-cli -a "can ary" ping', 'redis-cli -a REDACTED ping'],
  ['one that a shell puts together', 'redis-cli -a \'can\'\\\'\'ary\' ping', 'redis-cli -a REDACTED ping'],
  ['one behind a long option', 'redis-cli --no-auth-warning --pass canary ping | grep PONG', 'redis-cli --no-auth-warning --pass REDACTED ping | grep PONG'],
  ['one in a variable', 'PGPASSWORD=canary psql -c "select 1" || exit 1', 'PGPASSWORD=REDACTED psql -c "select 1" || exit 1'],
  ['one in an address', 'psql postgresql://user:canary@localhost/db', 'psql postgresql://user:REDACTED@localhost/db'],
  ['one in a shell of its own', 'sh -c "redis-cli -a canary"', 'sh -c "redis-cli -a REDACTED"'],
  ['no place where one is found', 'redis-cli -a "$REDIS_PASSWORD" --no-auth-warning ping && REDISCLI_AUTH=${P} redis-cli -a "$(cat /run/secrets/x)"', 'redis-cli -a "$REDIS_PASSWORD" --no-auth-warning ping && REDISCLI_AUTH=${P} redis-cli -a "$(cat /run/secrets/x)"'],
  ['no fall-back of such a place', 'redis-cli -a "${REDIS_PASSWORD:-canary}" ping', 'redis-cli -a REDACTED ping'],
  ['no check of another kind', 'pg_isready -U postgres -d app && test "$A" -eq 1 -a -f /x', 'pg_isready -U postgres -d app && test "$A" -eq 1 -a -f /x'],
])('of a health check nobody learns %s', ([, command, kept]) => {
  expect(optionsOf(`--health-cmd=${command}`, '--health-retries=3')).toEqual([`--health-cmd=${kept}`, '--health-retries=3']);
});

test('options of a log driver keep their values where the name says that they are no secret', () => {
  expect(optionsOf('--log-driver=splunk', '--log-opt=splunk-token=canary', '--log-opt=splunk-url=https://user:canary@host', '--log-opt=tag=a=b'))
    .toEqual(['--log-driver=splunk', '--log-opt=splunk-token=REDACTED', '--log-opt=splunk-url=https://user:REDACTED@host', '--log-opt=tag=a=b']);
});

test('those of a driver that nobody knows keep their names alone', () => {
  expect(optionsOf('--log-driver=sumo:latest', '--log-opt=sumo-url=https://host/canary', '--cap-drop=ALL')).toEqual(['--log-driver=sumo:latest', '--log-opt=sumo-url=REDACTED', '--cap-drop=ALL']);
});
