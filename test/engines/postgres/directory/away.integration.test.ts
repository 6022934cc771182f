/** A data directory that cannot be looked at for now: what lies there is not called absent; the step is tried again. */
import { expect, test } from 'vitest';
import { sightDirectory } from '../../../../src/engines/postgres/directory/data-place.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf } from '../postgres-fixture.ts';

const docker = useDocker();

test('how far an exchange went, and whether a server is there, is not known where it cannot be looked at', async () => {
  const [imageId, source] = [await docker.image('postgres:17'), await docker.volume()];
  const mount = { type: 'volume', source, target: '/data' } as const;
  const look = () => sightDirectory(contextOf(docker), { component: 'postgres', directory: '/data', mount, imageId }, '/data', '/data/pgsql_tmp.holdfast/0123456789abcdef/phase');
  const shell = await docker.run({ imageId, entrypoint: ['sleep'], command: ['900'], mounts: [mount] });
  const run = (command: string) => docker.runtime.exec(shell, { argv: ['sh', '-c', command], timeoutMs: 10_000 });
  expect(await look()).toMatchObject({ hasServer: false, phase: null });
  // A link that leads to itself: the kernel says why it cannot look, and that is not that nothing is there.
  await run('ln -s pgsql_tmp.holdfast /data/pgsql_tmp.holdfast');
  expect((await failing('HelperLost', look)).fields.cause).toContain('it cannot be told what is there');
  await run('rm /data/pgsql_tmp.holdfast');
  await run('mkdir -p /data/pgsql_tmp.holdfast/0123456789abcdef && printf in >/data/pgsql_tmp.holdfast/0123456789abcdef/phase');
  expect(await look()).toMatchObject({ hasServer: false, phase: 'in' });
  expect(await docker.left()).toEqual([]);
});
