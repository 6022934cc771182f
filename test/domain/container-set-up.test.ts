import { describe, expect, test } from 'vitest';
import { exactImage, imageDoubt, lostSentence, recreateLines, type ContainerSetUp } from '../../src/domain/container-set-up.ts';

const setUp: ContainerSetUp = {
  name: 'agentic-postgres', image: 'postgres:17', entrypoint: ['docker-entrypoint.sh'], command: ['postgres', '-c', 'work_mem=8MB'], user: null, environmentNames: ['POSTGRES_PASSWORD', 'PGDATA'], places: { PGDATA: '/data/db' },
  mounts: [{ type: 'volume', source: 'pgdata', target: '/data', writable: true }, { type: 'bind', source: '/etc/my conf', target: '/conf', writable: false }, { type: 'tmpfs', source: '', target: '/tmp', writable: true }],
  networks: ['app', 'metrics'], aliases: { app: ['db', 'pg'], metrics: ['db'] }, ports: ['127.0.0.1:5432:5432/tcp'], labels: { team: 'it\'s us' }, restart: 'unless-stopped', init: true, shmSizeBytes: 67_108_864, memoryBytes: 0,
};

test('a container is made again by one line that a shell takes as it is, and joins its further networks', () => {
  expect(recreateLines(setUp, null)).toEqual([
    'docker create --name agentic-postgres --init --restart unless-stopped --network app --network-alias db --network-alias pg --publish 127.0.0.1:5432:5432/tcp --env POSTGRES_PASSWORD --env PGDATA=/data/db'
      + ' --mount type=volume,source=pgdata,target=/data --mount \'type=bind,source=/etc/my conf,target=/conf,readonly\' --mount type=tmpfs,target=/tmp --shm-size 67108864'
      + ' --label \'team=it\'\\\'\'s us\' --entrypoint docker-entrypoint.sh postgres:17 postgres -c work_mem=8MB',
    'docker network connect --alias db metrics agentic-postgres',
  ]);
});

test('one of compose\'s is made by compose', () => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'db', 'com.docker.compose.project.config_files': '/srv/shop/docker-compose.yml,/srv/shop/over.yml' };
  expect(recreateLines({ ...setUp, labels }, null)).toEqual(['docker compose --file /srv/shop/docker-compose.yml --file /srv/shop/over.yml --project-name shop up --no-start --no-recreate db']);
});

test('from wherever it is run: the first compose noted its files as they were named, and its directory beside them', () => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'db', 'com.docker.compose.project.working_dir': '/srv/shop' };
  const lineOf = (more: Readonly<Record<string, string>>): readonly string[] => recreateLines({ ...setUp, labels: { ...labels, ...more } }, null);
  const up = '--project-name shop up --no-start --no-recreate db';
  expect(lineOf({ 'com.docker.compose.project.config_files': 'docker-compose.yml,../over.yml' })).toEqual([`docker compose --file /srv/shop/docker-compose.yml --file /srv/shop/../over.yml ${up}`]);
  expect(lineOf({ 'com.docker.compose.project.config_files': 'deploy/compose.yml' })).toEqual([`docker compose --file /srv/shop/deploy/compose.yml --project-directory /srv/shop ${up}`]);
  expect(lineOf({ 'com.docker.compose.project.config_files': '/etc/shop.yml', 'com.docker.compose.project.environment_file': '/etc/shop.env' })).toEqual([`docker compose --file /etc/shop.yml --project-directory /srv/shop --env-file /etc/shop.env ${up}`]);
});

test('a mount is CSV to the engine\'s own program', () => {
  const mounts = [{ type: 'bind', source: '/srv/a,b "c"', target: '/data', writable: false }] as const;
  expect(recreateLines({ ...setUp, mounts }, null)[0]).toContain(' --mount \'type=bind,"source=/srv/a,b ""c""",target=/data,readonly\' ');
});

test('what else it was given stands in the line, each value a word of its own', () => {
  const options = ['--health-cmd=pg_isready -U "it\'s" || exit 1', '--health-interval=30s', '--no-healthcheck', '--read-only', '--ulimit=nofile=1024:2048', '--memory-swap=-1', '--tmpfs=/run:rw,size=64m', '--log-opt=tag={{.Name}} a=b'];
  expect(recreateLines({ ...setUp, options }, null)[0]).toContain(' --shm-size 67108864 --health-cmd \'pg_isready -U "it\'\\\'\'s" || exit 1\' --health-interval 30s --no-healthcheck --read-only --ulimit nofile=1024:2048 --memory-swap -1'
    + ' --tmpfs /run:rw,size=64m --log-opt \'tag={{.Name}} a=b\' --label ');
});

describe('what the lines do not give back', () => {
  const labels = { 'com.docker.compose.service': 'db', 'com.docker.compose.project.config_files': '/srv/compose.yml' };

  test('is said', () => {
    expect(lostSentence({ ...setUp, options: [], notCarried: ['--gpus', '--ip 172.20.0.5 on app'] })).toBe('Not in the lines, to be given by hand: --gpus, --ip 172.20.0.5 on app');
  });

  test('of a backup that kept none of it, too', () => {
    expect(lostSentence(setUp)).toBe('The backup does not know, and the lines do not have: health check, capabilities, security options, read-only root, devices, limits of CPU, swap, processes and files (ulimits), sysctls, log driver and options, sizes of tmpfs, added hosts, DNS, '
      + 'working directory, stop signal and time. Give them by hand, else it comes back with less isolation and other limits than it had');
  });

  test('nothing where there is nothing, and where compose makes it of its own file', () => {
    expect(lostSentence({ ...setUp, options: [], notCarried: [] })).toBeNull();
    for (const more of [{}, { options: [], notCarried: ['--gpus'] }]) expect(lostSentence({ ...setUp, labels, ...more })).toBeNull();
  });
});

describe('of the very image', () => {
  const server = { image: 'postgres:17', imageId: 'sha256:a1', imageDigest: 'postgres@sha256:d1' };
  const labels = { 'com.docker.compose.service': 'db', 'com.docker.compose.project.config_files': '/srv/compose.yml' };
  const up = 'docker compose --file /srv/compose.yml up --no-start --no-recreate db';

  test.for<[string, Parameters<typeof exactImage>, ReturnType<typeof exactImage>, RegExp | null]>([
    ['the name still leads to it', [server, { idByName: 'sha256:a1', hasImage: true }], null, null],
    ['the name is another\'s, and it is still here', [server, { idByName: 'sha256:b2', hasImage: true }], { reference: 'sha256:a1', isHere: true }, null],
    ['it is gone, and was pulled', [server, { idByName: 'sha256:b2', hasImage: false }], { reference: 'postgres@sha256:d1', isHere: false }, null],
    ['it is gone, and nobody knows from where', [{ image: 'own:1', imageId: 'sha256:a1' }, { idByName: 'sha256:b2', hasImage: false }], null, /^own:1 was sha256:a1 then, .*; now it is sha256:b2/],
    ['neither it nor the name is here', [{ image: 'own:1', imageId: 'sha256:a1' }, { idByName: null, hasImage: false }], null, /^own:1 was sha256:a1 then, which is not on this engine: another/],
    ['the name is exact', [{ ...server, image: 'postgres:17@sha256:d1' }, { idByName: null, hasImage: false }], null, null],
  ])('%s', ([, given, exact, doubt]) => {
    expect(exactImage(...given)).toEqual(exact);
    if (doubt === null) expect(imageDoubt(...given)).toBeNull();
    else expect(imageDoubt(...given)).toMatch(doubt);
  });

  test('a line of its own names it; compose\'s file names the tag, which is given back to it', () => {
    const pulled = { reference: 'postgres@sha256:d1', isHere: false };
    expect(recreateLines(setUp, pulled)[0]).toMatch(/ --entrypoint docker-entrypoint.sh postgres@sha256:d1 postgres -c work_mem=8MB$/);
    expect(recreateLines({ ...setUp, labels }, pulled)).toEqual(['docker pull postgres@sha256:d1', 'docker tag postgres@sha256:d1 postgres:17', up]);
    expect(recreateLines({ ...setUp, labels }, { reference: 'sha256:a1', isHere: true })).toEqual(['docker tag sha256:a1 postgres:17', up]);
  });
});
