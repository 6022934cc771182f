/** A backup that is brought back by another image, or another disk, than it was taken beside: what is the matter with these is never said of the backup. */
import { expect, test } from 'vitest';
import type { ContainerRuntime } from '../../../../src/containers/container-runtime.ts';
import { postgresDrills } from '../../../../src/engines/postgres/drill/postgres-drills.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { backUpInto, contextOf, engine, openStore, startPostgres } from '../postgres-fixture.ts';
import { smallVolume } from '../small-volume.ts';

const docker = useDocker();

test('the indexes of a newer server than was backed up are checked by its own program', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql('CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept SELECT generate_series(1, 100);');
  const backup = await backUpInto(docker, postgres, store);
  const older = { ...backup, server: { ...backup.server, majorVersion: 16 } };
  const { checks } = await postgresDrills.check(contextOf(docker), postgres.component, { containerId: postgres.id, backup: older }, [], store.source);
  expect(checks.find(({ name }) => name === 'amcheck:postgres')).toMatchObject({ verdict: 'proven', class: 'asExpected' });
});

test('a new server listens where the clients of its image look, and one that a full disk keeps from starting says so', async () => {
  await using store = await openStore();
  const small = await smallVolume(docker, 300, true);
  // Its server was built for another directory than the one that the image names.
  const postgres = await startPostgres(docker, { image: 'postgres:16', volume: small.name });
  await postgres.sql('CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept SELECT generate_series(1, 100);');
  const dump = await backUpInto(docker, postgres, store);
  await docker.runtime.stop(postgres.id, 60_000);
  const prepare = (runtime: ContainerRuntime, run: string) =>
    (engine.prepareWhole as NonNullable<typeof engine.prepareWhole>)({ ...contextOf(docker, new Map(), { run }), runtime }, postgres.component, dump, store.source, 'it crashed');
  const { cutOver } = await prepare(docker.runtime, 'made');
  await engine.discardPrepared(contextOf(docker, new Map(), { run: 'made' }), postgres.component, cutOver);

  // There was room when it was looked for.
  const fillsUp = new Proxy(docker.runtime, {
    get: (target, name) => {
      const own = Reflect.get(target, name, target) as unknown;
      if (name !== 'start') return typeof own === 'function' ? own.bind(target) as unknown : own;
      return async (...given: Parameters<ContainerRuntime['start']>) => {
        const server = await target.inspect(given[0]);
        const mount = server.name.endsWith('-recovery') ? server.mounts.find(({ source }) => source === small.name) : undefined;
        if (mount !== undefined) {
          const filler = await docker.run({ imageId: server.imageId, entrypoint: ['sh', '-c', 'cat /dev/zero >/data/ballast || true'], command: [], mounts: [{ type: 'volume', source: small.name, target: '/data' }] });
          await target.wait(filler);
          await target.remove(filler);
        }
        return target.start(...given);
      };
    },
  });
  const { fields } = await failing('DiskFull', prepare(fillsUp, 'full'));
  expect([fields.operation, fields.cause]).toEqual(['make a new server', expect.stringContaining('No space left on device')]);
});
