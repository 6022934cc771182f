import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { problemLine, type Composition } from '../../../../src/domain/drill/compose/composition.ts';
import { refusedKeys, refusedParts, refusedTopKeys, setAsideKeys } from '../../../../src/domain/drill/compose/compose-keys.ts';
import { readComposition, composeRequest, type ComposeRequest } from '../../../../src/domain/drill/compose/read-composition.ts';
import { noDrillSettings } from '../../../../src/domain/drill/drill-settings.ts';
import { waysTo } from '../../../../src/domain/drill/ways-in.ts';
import type { Component } from '../../../../src/domain/service.ts';

const components: readonly Component[] = [{ engine: 'postgres', name: 'postgres', container: 'live-postgres', database: 'shop', user: 'postgres' }, { engine: 'redis', name: 'redis', container: 'live-redis' }];
const request: ComposeRequest = { components, stores: {}, healthHost: null, variables: waysTo(components) };

function compositionOf(text: string, changed: Partial<ComposeRequest> = {}): Composition {
  const found = readComposition(parse(text, { merge: true }), { ...request, ...changed });
  if ('composition' in found) return found.composition;
  throw new Error(found.problems.map(problemLine).join('\n'));
}

function problemsOf(text: string, changed: Partial<ComposeRequest> = {}): readonly string[] {
  const found = readComposition(parse(text, { merge: true }), { ...request, ...changed });
  return 'problems' in found ? found.problems.map(problemLine) : [];
}

const stores = '  postgres: { image: "postgres:17" }\n  redis: { image: "redis:8" }\n';
const withApi = (api: string, top = ''): string => `services:\n${stores}  api: { image: "shop:2.0", ${api} }\n${top}`;

/** As people write one for their tests. */
const whole = `
version: "3.9"
x-common: &common { restart: unless-stopped, logging: { driver: json-file } }
services:
  db:
    <<: *common
    image: pgvector/pgvector:pg17
    container_name: test-postgres
    command: postgres -c fsync=off
    environment: { POSTGRES_USER: postgres, POSTGRES_PASSWORD: "\${POSTGRES_PASSWORD:-only-for-tests}", POSTGRES_DB: shop }
    ports: ["5433:5432"]
    volumes: ["pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD-SHELL", "pg_isready -U postgres"], interval: 5s, timeout: 5s, retries: 5 }
    shm_size: 256mb
  cache:
    image: redis:7-alpine
    container_name: test-redis
    command: redis-server --appendonly yes
  api:
    <<: *common
    image: "shop:\${TAG:-2.0}"
    hostname: shop
    entrypoint: ["/usr/bin/tini", "--"]
    command: node server.js --port 8009
    working_dir: /app
    user: "1000:1000"
    environment:
      - DATABASE_URL=postgresql://postgres:\${POSTGRES_PASSWORD:-only-for-tests}@db:5432/shop
      - HOST=\${PGHOST}
      - WORKERS=2
      - EMPTY=
    depends_on: { db: { condition: service_healthy }, worker: { condition: service_started } }
    healthcheck: { test: "curl -f http://localhost:8009/health || exit 1", interval: 1m30s, timeout: 500ms, retries: 2, start_period: 10s }
    tmpfs: /run
    volumes: [/var/cache/shop, "uploads:/srv/uploads", { type: tmpfs, target: /var/tmp }, { type: volume, source: more, target: /srv/more }]
    networks: { back: { aliases: [shop-api] }, default: }
    mem_limit: 1g
    x-owner: the shop
  worker: { image: "shop:2.0", command: [node, worker.js], environment: { CONCURRENCY: 4, DEBUG: false }, depends_on: [cache] }
networks: { back: { driver: bridge, internal: true }, front: }
volumes: { pgdata: { driver: local }, uploads: , more: { external: false } }
`;

describe('a compose file', () => {
  it('is read whole', () => {
    expect(compositionOf(whole, { healthHost: 'shop' })).toEqual({
      stores: {
        postgres: { service: 'db', names: ['db', 'test-postgres'], image: 'pgvector/pgvector:pg17', password: 'only-for-tests', shmSizeBytes: 256 * 1024 ** 2 },
        redis: { service: 'cache', names: ['cache', 'test-redis'], image: 'redis:7-alpine', password: null },
      },
      services: [
        { service: 'worker', names: ['worker'], image: 'shop:2.0', command: ['node', 'worker.js'], environment: { CONCURRENCY: '4', DEBUG: 'false' }, tmpfs: [], volumes: [], health: null },
        {
          service: 'api', names: ['api', 'shop', 'shop-api'], image: 'shop:2.0', entrypoint: ['/usr/bin/tini', '--'], command: ['node', 'server.js', '--port', '8009'], workingDirectory: '/app', user: '1000:1000', memoryBytes: 1024 ** 3,
          environment: { DATABASE_URL: 'postgresql://postgres:only-for-tests@db:5432/shop', HOST: 'postgres', WORKERS: '2', EMPTY: '' },
          tmpfs: ['/run', '/var/tmp'], volumes: ['/var/cache/shop', '/srv/uploads', '/srv/more'],
          health: { argv: ['/bin/sh', '-c', 'curl -f http://localhost:8009/health || exit 1'], timeoutMs: 1_000, withinMs: 10_000 + 2 * 90_500 },
        },
      ],
      setAside: ['restart of db', 'logging of db', 'ports of db', 'command of db', 'volumes of db', 'healthcheck of db', 'command of cache', 'restart of api', 'logging of api'],
    });
  });

  it('gives the others the drill\'s own password where it says none of its own', () => {
    for (const password of ['', '"${PGPASSWORD}"', '"${PGPASSWORD:-test}"']) expect(compositionOf(`services:\n  db: { image: postgres, environment: { POSTGRES_PASSWORD: ${password === '' ? '""' : password} } }\n  redis: { image: redis }`).stores['postgres']?.password).toBeNull();
    expect(compositionOf(withApi('environment: { URL: "${DATABASE_URL}" }'), { variables: { ...request.variables, DATABASE_URL: 'postgresql://of-the-drill' } }).services[0]?.environment).toEqual({ URL: 'postgresql://of-the-drill' });
  });

  it('says which service stands for which database by its image, or the configuration does', () => {
    const two = 'services:\n  main: { image: "postgres:17" }\n  other: { image: "registry:5000/team/postgis:17" }\n  pool: { image: "bitnami/pgbouncer" }\n  cache: { image: "valkey/valkey:8" }\n';
    expect(problemsOf(two)).toEqual(['services: main and other could each stand for postgres: drill.compose.databases in holdfast.yaml says it, postgres: SERVICE']);
    const { stores: chosen, services } = compositionOf(two, { stores: { postgres: 'main' } });
    expect([chosen['postgres']?.service, chosen['redis']?.service, services.map(({ service }) => service)]).toEqual(['main', 'cache', ['other', 'pool']]);
    expect(problemsOf(two, { stores: { postgres: 'mian' } })).toEqual(['services: there is no mian, which is to stand for postgres: there are main, other, pool, cache']);
    expect(problemsOf(two, { stores: { postgres: 'cache' } })).toEqual(['services.cache: it cannot stand for two stores']);
    expect(problemsOf('services: { db: { image: "postgres:17" } }')).toEqual(['services: none has an image of redis, to stand for redis: drill.compose.databases in holdfast.yaml says it, redis: SERVICE']);
  });

  it('of a service is asked what its drills say', () => {
    const drill = { ...noDrillSettings, compose: { file: '/srv/test.yml', databases: { redis: 'cache' } }, health: { url: 'http://shop:8009/health', withinMs: 1 } };
    expect(composeRequest({ components, drill })).toMatchObject({ components, stores: { redis: 'cache' }, healthHost: 'shop', variables: { PGHOST: 'postgres', REDIS_URL: 'redis://redis:6379' } });
  });
});

describe('what a drill refuses', () => {
  it.each(Object.entries(refusedKeys))('%s of a service', (key, why) => {
    expect(problemsOf(withApi(`${key}: whatever`))).toEqual([`services.api.${key}: ${why}`]);
    expect(problemsOf(`services:\n  postgres: { image: "postgres:17", ${key}: whatever }\n  redis: { image: "redis:8" }`)).toEqual([`services.postgres.${key}: ${why}`]);
  });

  it.each(Object.entries(refusedTopKeys))('%s of the file', (key, why) => {
    expect(problemsOf(withApi('user: node', `${key}: [other.yml]`))).toEqual([`${key}: ${why}`]);
  });

  it.each(Object.entries(refusedParts).flatMap(([key, why]) => ['networks', 'volumes'].map((section) => [section, key, why] as const)))('of %s %s', (section, key, why) => {
    expect(problemsOf(withApi('user: node', `${section}: { production: { ${key}: true } }`))).toEqual([`${section}.production.${key}: ${why}`]);
  });

  it.each<readonly [api: string, problem: string]>([
    // The host's.
    ['volumes: ["./init.sql:/init.sql"]', 'services.api.volumes.0: it mounts a file of the host, which a drill gives nobody: put it into the image'],
    ['volumes: ["/var/run/docker.sock:/var/run/docker.sock"]', 'services.api.volumes.0: it mounts a file of the host, which a drill gives nobody: put it into the image'],
    ['volumes: ["~/data:/data"]', 'services.api.volumes.0: it mounts a file of the host, which a drill gives nobody: put it into the image'],
    ['volumes: [{ type: bind, source: /srv, target: /data }]', 'services.api.volumes.0: it mounts a file of the host, which a drill gives nobody: put it into the image'],
    ['volumes: [{ source: /srv, target: /data }]', 'services.api.volumes.0: it mounts a file of the host, which a drill gives nobody: put it into the image'],
    ['volumes: [{ type: npipe, target: /data }]', 'services.api.volumes.0.type: allowed is volume or tmpfs'],
    ['volumes: [{ type: volume, target: /data, volume: { nocopy: true } }]', 'services.api.volumes.0.volume: a drill does not understand it'],
    ['volumes: ["data:/data:ro"]', 'services.api.volumes.0: a volume of a drill is empty when it is made, and can be written to'],
    ['volumes: ["data:/srv/../etc"]', 'services.api.volumes.0: allowed is a directory of the container: /var/lib/data'],
    ['volumes: data', 'services.api.volumes: allowed is a list of volumes'],
    ['tmpfs: ["/run:size=64m"]', 'services.api.tmpfs.0: allowed is a directory of the container: /var/lib/data'],
    // The environment of whoever reads it.
    ['environment: [HOME]', 'services.api.environment.0: it has no value: a drill takes none from the environment of the worker'],
    ['environment: { HOME: }', 'services.api.environment.HOME: it has no value: a drill takes none from the environment of the worker'],
    ['environment: { KEY: "${HOME}" }', 'services.api.environment.KEY: ${HOME} has no value: a drill reads no environment but its own; give it a default, ${HOME:-…}'],
    ['command: ["${HOME:?}"]', 'services.api.command.0: a reference is not understood; allowed are $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, and $$ for a dollar'],
    ['environment: { KEY: { a: 1 } }', 'services.api.environment.KEY: allowed is a text'],
    ['environment: { "1A": x }', 'services.api.environment: allowed is the name of a variable'],
    ['environment: text', 'services.api.environment: allowed is a mapping from variables to texts, or a list of NAME=value'],
    // What it is.
    ['frobnicate: true', 'services.api.frobnicate: a drill does not understand it'],
    ['command: "sh -c \'exit 1\'"', 'services.api.command: with quotes or backslashes allowed is a list of words: [sh, -c, "…"]'],
    ['user: "a b"', 'services.api.user: allowed is a user, or its number'],
    ['working_dir: app', 'services.api.working_dir: allowed is a directory of the container: /var/lib/data'],
    ['mem_limit: 1m', 'services.api.mem_limit: allowed is a size from 16m to 512g'],
    ['shm_size: much', 'services.api.shm_size: allowed is a size from 16m to 512g'],
    ['container_name: "a b"', 'services.api.container_name: allowed is a plain name'],
    ['networks: { back: { ipv4_address: 10.0.0.7 } }', 'services.api.networks.back.ipv4_address: a drill does not understand it'],
    ['networks: { back: { aliases: ["a b"] } }', 'services.api.networks.back.aliases.0: allowed is a plain name'],
    ['networks: back', 'services.api.networks: allowed is a list of networks, or a mapping with aliases'],
    // When it is well, and what it waits for.
    ['healthcheck: { interval: 5s }', 'services.api.healthcheck.test: it is missing: the image\'s own is not looked at'],
    ['healthcheck: { test: [curl, -f] }', 'services.api.healthcheck.test: allowed is a text, or a list that begins with CMD or CMD-SHELL'],
    ['healthcheck: { test: "true", interval: soon }', 'services.api.healthcheck.interval: allowed is a duration: 500ms, 5s, 1m30s'],
    ['healthcheck: { test: "true", retries: 0 }', 'services.api.healthcheck.retries: allowed is a whole number from 1 to 1000'],
    ['healthcheck: { test: "true", often: yes }', 'services.api.healthcheck.often: a drill does not understand it'],
    ['healthcheck: "true"', 'services.api.healthcheck: allowed is a mapping with test'],
    ['depends_on: { postgres: { condition: service_completed_successfully } }', 'services.api.depends_on.postgres.condition: allowed is service_started or service_healthy'],
    ['depends_on: { postgres: { required: false } }', 'services.api.depends_on.postgres.required: a drill starts every service of its file'],
    ['depends_on: { postgres: }', 'services.api.depends_on.postgres: allowed is a mapping with a condition'],
    ['depends_on: postgres', 'services.api.depends_on: allowed is a list of services, or a mapping with conditions'],
    ['depends_on: [nobody]', 'services.api.depends_on.nobody: there is no such service'],
    ['depends_on: [api]', 'services.api.depends_on.api: they wait for each other'],
    // Among others.
    ['hostname: redis', 'services.api: redis is the name of redis on the drill\'s network'],
  ])('%s', (api, problem) => {
    expect(problemsOf(withApi(api))).toEqual([problem]);
  });

  it.each<readonly [text: string, problem: string]>([
    ['services:', 'services: allowed is a mapping of services'], ['[]', 'services: allowed is a mapping of services'], ['services: {}', 'services: allowed is a mapping of services'],
    [`services:\n${stores}  "a b": { image: x }`, 'services.a b: allowed is a name of 1 to 63 letters, digits, "_", "." or "-"'],
    [`services:\n${stores}  api: shop`, 'services.api: allowed is a mapping of keys'], [`services:\n${stores}  api: {}`, 'services.api.image: it is missing: nothing is built in a drill'],
    [`services:\n${stores}  api: { image: "a b" }`, 'services.api.image: allowed is the name of an image that is on the Docker engine'],
    [`services:\n${stores}${Array.from({ length: 20 }, (_, each) => `  s${each}: { image: x }\n`).join('')}`, 'services: allowed are up to 20 of them'],
    [withApi('user: node', 'frobnicate: 1'), 'frobnicate: a drill does not understand it'], [withApi('user: node', 'volumes: [a]'), 'volumes: allowed is a mapping of volumes'], [withApi('user: node', 'networks: { a: b }'), 'networks.a: allowed is a mapping of keys'],
    [`services:\n${stores}  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [c] }\n  c: { image: x, depends_on: [a] }`, 'services.c.depends_on.a: they wait for each other'],
    [`services:\n${stores}  a: { image: x, depends_on: { b: { condition: service_healthy } } }\n  b: { image: x }`, 'services.a.depends_on.b: b has no healthcheck'],
    [`services:\n${stores}  a: { image: x, volumes: ["data:/a"] }\n  b: { image: x, volumes: ["data:/b"] }`, 'services.b.volumes: a has the volume data, and a drill gives each service volumes of its own'],
    ['services:\n  db: { image: "postgres:17" }\n  cache: { image: "redis:8" }\n  postgres: { image: x }', 'services.postgres: postgres is the name of db on the drill\'s network'],
    ['services:\n  db: { image: "postgres:17", environment: { POSTGRES_DB: test } }\n  redis: { image: "redis:8" }', 'services.db.environment.POSTGRES_DB: the backup brings shop'],
    ['services:\n  db: { image: "postgres:17", environment: { POSTGRES_USER: test } }\n  redis: { image: "redis:8" }', 'services.db.environment.POSTGRES_USER: the backup brings postgres, as whom holdfast.yaml has the service'],
    ['services:\n  db: { image: "postgres:17", environment: { POSTGRES_HOST_AUTH_METHOD: trust } }\n  redis: { image: "redis:8" }', 'services.db.environment.POSTGRES_HOST_AUTH_METHOD: a PostgreSQL of a drill asks for its password: give it one as POSTGRES_PASSWORD'],
    ['services:\n  db: { image: "postgres:17" }\n  redis: { image: "redis:8", command: redis-server --requirepass of-the-test }', 'services.redis.command: a Redis of a drill asks for no password: take it out, and give the others ${REDIS_URL}'],
  ])('%s', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('a health address that nobody has', () => {
    expect(problemsOf(withApi('user: node'), { healthHost: 'app' })).toEqual(['services: none is called app, which is asked for its health: there are api']);
    expect(problemsOf(`services:\n${stores}`, { healthHost: 'postgres' })).toEqual(['services: none is called postgres, which is asked for its health: there are stores alone']);
  });

  it('is told all at once, and no value of the file with it', () => {
    const secret = 'swordfish';
    const problems = problemsOf(withApi(`privileged: ${secret}, volumes: ["./${secret}:/a"], environment: { A: "pass-$${secret}" }, mem_limit: ${secret}, user: "${secret} ${secret}"`, `secrets: { a: ${secret} }`));
    expect(problems).toHaveLength(6);
    expect(problems.filter((problem) => problem.includes(secret))).toEqual([]);
  });

  it('nothing that has no meaning in a drill, which is said', () => {
    for (const key of setAsideKeys) expect(compositionOf(withApi(`${key}: { a: "\${NOBODY}" }`)).setAside).toEqual([`${key} of api`]);
  });
});
