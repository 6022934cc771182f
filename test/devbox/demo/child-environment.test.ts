import { expect, test } from 'vitest';
import { childEnvironment } from '../../../devbox/demo/child-environment.ts';

const place = { dockerHost: 'unix:///run/own.sock', temporalAddress: '127.0.0.1:7000', configPath: '/tmp/demo/holdfast.yaml', directory: '/tmp/demo' };

test('nothing that names a container, a server or a backup of the user comes through', () => {
  const outside = {
    POSTGRES_CONTAINER: 'prod-postgres', REDIS_CONTAINER: 'prod-redis', POSTGRES_DB: 'prod', POSTGRES_USER: 'admin', PGPASSWORD: 'secret', REDISCLI_AUTH: 'secret',
    BACKUP_DIR: '/srv/backups', DOCKER_HOST: 'tcp://prod:2375', DOCKER_TLS_VERIFY: '1', DOCKER_CONTEXT: 'prod', TEMPORAL_ADDRESS: 'prod:7233', TEMPORAL_API_KEY: 'key',
    HOLDFAST_CONFIG: '/etc/holdfast.yaml', HOLDFAST_TIMING: 'test', XDG_CONFIG_HOME: '/home/mia/.config', NODE_OPTIONS: '--inspect', NEXT_VARIABLE_OF_SUCH_KIND: 'prod',
  };
  expect(childEnvironment({ ...outside, PATH: '/usr/bin', HOME: '/home/mia', TZ: 'Europe/Berlin' }, place)).toEqual({
    PATH: '/usr/bin', HOME: '/home/mia', TZ: 'Europe/Berlin',
    DOCKER_HOST: 'unix:///run/own.sock', TEMPORAL_ADDRESS: '127.0.0.1:7000', TEMPORAL_NAMESPACE: 'default', TEMPORAL_CONFIG_FILE: '/tmp/demo/no-temporal.toml',
    HOLDFAST_CONFIG: '/tmp/demo/holdfast.yaml', HOLDFAST_STATE_DIR: '/tmp/demo', NODE_COMPILE_CACHE: '/tmp/demo/compile-cache',
  });
});
