/** Whose fences a repair takes over when the container of the cut-over is gone. */
import { expect, test } from 'vitest';
import { recordedStores } from '../../src/activities/cut-over-state.ts';
import type { ComponentCutOver } from '../../src/domain/rollback.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const docker = useDocker();
const gone = { component: 'db', container: docker.name('gone'), containerId: 'f'.repeat(64), volume: 'holdfast-test-volume' };

test('files need no container, a database does', async () => {
  const imageId = await docker.image('postgres:17');
  // What a cut-over records besides is not looked at.
  const files = [{ ...gone, engine: 'postgres', method: 'directory', imageId }, { ...gone, engine: 'redis', imageId, volume: 'other' }] as unknown as ComponentCutOver[];
  expect(await recordedStores(docker.runtime, files)).toEqual([{ volume: gone.volume, imageId }, { volume: 'other', imageId }]);
  const pruned = files.map((each) => ({ ...each, imageId: `sha256:${'0'.repeat(64)}` }) as ComponentCutOver);
  await failing('ImageMissing', recordedStores(docker.runtime, pruned));
  await docker.create({ name: gone.container, imageId: await docker.image('redis:8'), command: ['true'] });
  const image = await docker.image('redis:8');
  expect((await recordedStores(docker.runtime, pruned)).map(({ imageId: found }) => found)).toEqual([image, image]);
  await docker.runtime.remove(gone.container);
  await failing('ContainerNotFound', recordedStores(docker.runtime, [{ ...gone, engine: 'postgres', method: 'database' } as unknown as ComponentCutOver]));
});
