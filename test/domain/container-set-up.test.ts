import { expect, test } from 'vitest';
import { recreateLines, withoutSecrets, type ContainerSetUp } from '../../src/domain/container-set-up.ts';

const setUp: ContainerSetUp = {
  name: 'agentic-postgres', image: 'postgres:17', entrypoint: ['docker-entrypoint.sh'], command: ['postgres', '-c', 'work_mem=8MB'], user: null, environmentNames: ['POSTGRES_PASSWORD', 'PGDATA'], places: { PGDATA: '/data/db' },
  mounts: [{ type: 'volume', source: 'pgdata', target: '/data', writable: true }, { type: 'bind', source: '/etc/my conf', target: '/conf', writable: false }, { type: 'tmpfs', source: '', target: '/tmp', writable: true }],
  networks: ['app', 'metrics'], ports: ['127.0.0.1:5432:5432/tcp'], labels: { team: 'it\'s us' }, restart: 'unless-stopped', init: true, shmSizeBytes: 67_108_864, memoryBytes: 0,
};

test('a container is made again by one line that a shell takes as it is, and joins its further networks', () => {
  expect(recreateLines(setUp)).toEqual([
    'docker create --name agentic-postgres --init --restart unless-stopped --network app --publish 127.0.0.1:5432:5432/tcp --env POSTGRES_PASSWORD --env PGDATA=/data/db'
      + ' --mount type=volume,source=pgdata,target=/data --mount \'type=bind,source=/etc/my conf,target=/conf,readonly\' --mount type=tmpfs,target=/tmp --shm-size 67108864'
      + ' --label \'team=it\'\\\'\'s us\' --entrypoint docker-entrypoint.sh postgres:17 postgres -c work_mem=8MB',
    'docker network connect metrics agentic-postgres',
  ]);
});

test('one of compose\'s is made by compose', () => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'db', 'com.docker.compose.project.config_files': '/srv/shop/docker-compose.yml,/srv/shop/over.yml' };
  expect(recreateLines({ ...setUp, labels })).toEqual(['docker compose --file /srv/shop/docker-compose.yml --file /srv/shop/over.yml --project-name shop up --no-start --no-recreate db']);
});

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
