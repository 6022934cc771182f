/** An empty server that cannot be made here, or does not answer: nothing was restored into it yet, so nothing is said of the backup. */
import { expect, test } from 'vitest';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import type { PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import type { FailureType, HoldfastFailure } from '../../../../src/domain/failures.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import type { EngineContext } from '../../../../src/engines/engine-context.ts';
import { startCluster } from '../../../../src/engines/postgres/directory/fresh-cluster.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf } from '../postgres-fixture.ts';

const docker = useDocker();
const component: PostgresComponent = { engine: 'postgres', name: 'postgres', container: 'shop-postgres', database: 'shop', user: 'postgres' };
const properties = { encoding: 'UTF8', localeProvider: 'libc', collate: 'C', ctype: 'C', locale: null, icuRules: null };

interface Meddling {
  /** The cluster lies in the volume. */
  beforeStart?(volume: string): Promise<unknown>;
  /** As soon as the server's container runs. */
  onStart?(id: string): Promise<unknown>;
  readonly startUpMs?: number;
}

async function ending(type: FailureType, run: string, given: Partial<typeof properties>, { beforeStart, onStart, startUpMs }: Meddling = {}): Promise<HoldfastFailure> {
  const volume = await docker.volume();
  const own = contextOf(docker, new Map(), { run });
  const start = async (id: string, stdin?: string): Promise<void> => {
    const isServer = (await docker.runtime.inspect(id)).name.endsWith('-recovery');
    if (isServer) await beforeStart?.(volume);
    await docker.runtime.start(id, stdin);
    if (isServer) await onStart?.(id);
  };
  const runtime = new Proxy(docker.runtime, { get: (target, name) => (name === 'start' ? start : (Reflect.get(target, name) as () => unknown).bind(target)) });
  const ctx: EngineContext = { ...own, runtime, timing: { ...own.timing, ...(startUpMs === undefined ? {} : { startUpMs }) } };
  try {
    const backup = { server: {}, roles: [], extensions: [], properties: { ...properties, ...given } } as unknown as PostgresDump;
    return await failing(type, startCluster(ctx, component, { imageId: await docker.image('postgres:17'), mount: { type: 'volume', source: volume, target: '/place' }, directory: '/place/new', like: '/place', initdb: '' }, backup, 0));
  } finally {
    for (const scratch of await findScratchOf(docker.runtime, own.owner)) await removeScratch(docker.runtime, scratch);
  }
}

const inServer = (id: string, script: string): Promise<unknown> => docker.runtime.exec(id, { argv: ['sh', '-c', script], user: '0:0', timeoutMs: 20_000 });

test('one that initdb refuses is this host\'s affair, in its own words', async () => {
  expect((await ending('HelperFailed', 'encoding', { encoding: 'KLINGON' })).fields.cause).toMatch(/KLINGON.* is not a valid server encoding/);
  await ending('LocaleMissing', 'locale', { collate: 'xx_XX.utf8' });
});

test('one that ends of itself, empty as it is', async () => {
  const failure = await ending('HelperFailed', 'ends', {}, {
    beforeStart: async (volume) => docker.runtime.wait(await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['rm'], command: ['/place/new/data/global/pg_control'], mounts: [{ type: 'volume', source: volume, target: '/place' }] })),
  });
  expect(failure.fields.hint).toContain('nothing about the backup');
});

test('one that does not answer in time is tried again', async () => {
  const stopAll = 'until [ -s /place/new/data/postmaster.pid ]; do sleep 0.01; done; kill -STOP "$(head -n 1 /place/new/data/postmaster.pid)"';
  expect((await ending('DatabaseUnreachable', 'silent', {}, { onStart: (id) => inServer(id, stopAll), startUpMs: 1 })).retryable).toBe(true);
});

test('one that somebody else ends is tried again', async () => {
  await ending('HelperLost', 'killed', {}, { onStart: (id) => docker.runtime.kill(id) });
  await ending('HelperLost', 'removed', {}, { onStart: (id) => docker.runtime.remove(id) });
});
