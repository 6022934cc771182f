/** Stores that answer nobody while their containers are told to run: a Redis whose files no server reads, and a PostgreSQL that listens where nobody looks. Made so by hand, looked at and mended by hand. */
import type { MountSpec } from '../../../src/containers/container-runtime.ts';
import { waitFor, type ServiceFixture } from '../../support/service-fixture.ts';
import { testLabel } from '../../support/test-environment.ts';

/** `redisUnusable`: it ends at every start, and its restart policy tries again. `postgresSilent`: it runs, and does not answer by its name. */
export type Trouble = 'redisUnusable' | 'postgresSilent';

const otherPort = '5433';
const nonsense = 'nonsense';
const answersWithinMs = 10_000;
const copiesWithinMs = 60_000;
const stopWithinMs = 20_000;

export async function makeTrouble(service: ServiceFixture, trouble: Trouble): Promise<void> {
  if (trouble === 'postgresSilent') {
    await service.sql(`ALTER SYSTEM SET port = ${otherPort}`);
    await startAgain(service);
    await waitFor(async () => (await onOtherPort(service, 'SELECT 1', 'shop')) === '1');
    return;
  }
  await service.runtime.createVolume(keptVolume(service), { [testLabel]: service.name });
  await service.runtime.kill(service.redis);
  await inVolume(service, `cp -a /data/. /kept/; for file in /data/appendonlydir/*.aof; do echo ${nonsense} >"$file"; done`, [{ type: 'volume', source: keptVolume(service), target: '/kept' }]);
  await service.runtime.start(service.redis);
  await waitFor(async () => (await service.runtime.inspect(service.redis)).state === 'restarting');
}

/** Whichever they are in; a server that took the place of one in trouble is left to whoever puts that one back. */
export async function mendTroubles(service: ServiceFixture): Promise<void> {
  const { runtime } = service;
  if (await onOtherPort(service, 'SELECT 1', 'postgres').catch(() => '') === '1') {
    await onOtherPort(service, 'ALTER SYSTEM RESET port', 'postgres');
    await startAgain(service);
  }
  if ((await runtime.listVolumes({ [testLabel]: service.name })).every(({ name }) => name !== keptVolume(service))) return;
  // Of a container that begins or ends in that moment the engine answers 500.
  await waitFor(async () => {
    await runtime.updateRestartPolicy(service.redis, { name: 'no', maximumRetryCount: 0 });
    await runtime.kill(service.redis);
    return (await runtime.inspect(service.redis)).state === 'exited';
  });
  await inVolume(service, 'find /data -mindepth 1 -delete; cp -a /kept/. /data/', [{ type: 'volume', source: keptVolume(service), target: '/kept' }]);
  await runtime.removeVolume(keptVolume(service));
  await runtime.start(service.redis);
}

export interface Looked {
  readonly troubles: readonly Trouble[];
  /** The same stores, asked where they answer. */
  readonly service: ServiceFixture;
  /** The output of a command in Redis's data directory, which needs no server; null where Redis is to be asked as usual. */
  readonly redisDirectory: ((...argv: string[]) => Promise<readonly string[]>) | null;
}

/** Asks nothing of stores that answer as usual. */
export async function lookAtTroubles(service: ServiceFixture): Promise<Looked> {
  const isSilent = (await service.sql('SELECT 1', 'postgres').catch(() => '')) !== '1' && (await onOtherPort(service, 'SELECT 1', 'postgres').catch(() => '')) === '1';
  const isUnusable = (await service.redisCli('PING').catch(() => '')) !== 'PONG' && (await inVolume(service, 'cat /data/appendonlydir/*.incr.aof').catch(() => '')) === nonsense;
  return {
    troubles: [...(isUnusable ? ['redisUnusable' as const] : []), ...(isSilent ? ['postgresSilent' as const] : [])],
    service: { ...service, ...(isSilent ? { sql: (text: string, database = 'shop') => onOtherPort(service, text, database) } : {}), ...(isUnusable ? { redisCli: () => Promise.resolve(nonsense) } : {}) },
    redisDirectory: isUnusable ? async (...argv) => (await inVolume(service, argv.map((word) => `'${word}'`).join(' '))).split('\n').filter((line) => line !== '').sort() : null,
  };
}

const keptVolume = (service: ServiceFixture): string => `hf-test-redis-kept-${service.name.slice(4)}`;

async function onOtherPort(service: ServiceFixture, text: string, database: string): Promise<string> {
  const argv = ['psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-p', otherPort, '-d', database];
  const { exitCode, stdout, stderr } = await service.runtime.exec(service.postgres, { argv, stdin: text, timeoutMs: answersWithinMs });
  if (exitCode !== 0) throw new Error(`psql exited ${exitCode}: ${stderr}`);
  return stdout.trim();
}

async function startAgain({ runtime, postgres }: ServiceFixture): Promise<void> {
  await runtime.stop(postgres, stopWithinMs);
  await runtime.start(postgres);
}

/** In a container of its own: that of the server does not stay up. */
async function inVolume({ runtime, redis, name: service }: ServiceFixture, script: string, more: readonly MountSpec[] = []): Promise<string> {
  const { imageId, mounts } = await runtime.inspect(redis);
  const name = `hf-test-look-${service.slice(4)}`;
  const { id } = await runtime.create({ name, imageId, entrypoint: ['sh', '-euc', script], command: [], labels: { [testLabel]: service }, network: 'none', logDriver: 'json-file', mounts: [{ type: 'volume', source: mounts[0]?.source ?? '', target: '/data' }, ...more] });
  try {
    await runtime.start(id);
    const { exitCode } = await runtime.wait(id, AbortSignal.timeout(copiesWithinMs));
    const said = (await runtime.logs(id, 65_536)).trim();
    if (exitCode !== 0) throw new Error(`in Redis's volume it exited ${exitCode}: ${said}`);
    return said;
  } finally {
    await runtime.remove(id);
  }
}
