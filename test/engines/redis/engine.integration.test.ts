/** Redis under the suite that every engine passes; a server with its AOF on per test, and a repository that is reached by streams only. */
import { afterEach } from 'vitest';
import type { ContainerRuntime } from '../../../src/containers/container-runtime.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import { describeEngine } from '../../suites/engine-suite.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { contextOf, engine, startRedis, testStore, type TestStore, variedData } from './redis-fixture.ts';

const docker = useDocker();
const stores: TestStore[] = [];
let worlds = 0;

afterEach(async () => {
  for (const store of stores.splice(0)) await store.remove();
});

describeEngine(engine, async () => {
  worlds += 1;
  const redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
  await redis.feed(variedData());
  const store = await testStore();
  stores.push(store);
  const notes: Notes = new Map();
  const runOf = (run: string): string => `${run}-${worlds}`;
  return {
    component: redis.component,
    source: store.streamedSource,
    destination: () => store.streamedDestination,
    context: (run) => ({ ...contextOf(docker, notes, { run: runOf(run) }), runtime: withoutArchivesOf(docker.runtime, redis.id) }),
    notesOf: (run) => Object.fromEntries(notes.get(runOf(run)) ?? []),
    write: () => redis.feed('SET newer 1\nDEL list\nSELECT 5\nSET five 5'),
  };
}, (prepared) => ({ ...prepared, cutOver: withoutTimeOfBase(prepared.cutOver as RedisCutOver) }));

/** An AOF's base holds the time at which it was written, and whatever the server's memory was. */
function withoutTimeOfBase(cutOver: RedisCutOver): RedisCutOver {
  return { ...cutOver, stagedFiles: cutOver.stagedFiles.map((file) => (file.path.endsWith('.base.rdb') ? { path: file.path, sizeBytes: 0, sha256: '' } : file)) };
}

/** Copying into or out of a container locks it meanwhile (databases.md D12): nothing may ask that of the live one. */
function withoutArchivesOf(runtime: ContainerRuntime, live: string): ContainerRuntime {
  return new Proxy(runtime, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (property !== 'readArchive' && property !== 'writeArchive') return method;
      return (id: string, ...rest: unknown[]) => {
        if (id === live) throw new Error(`${property} of the live container`);
        return method(id, ...rest);
      };
    },
  });
}
