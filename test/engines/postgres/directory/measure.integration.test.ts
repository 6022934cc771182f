/** What lies in a data directory is measured without what is ours, and a repository is known for lying beside it, on a disk of its own, or on another machine. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DataPlace } from '../../../../src/engines/postgres/directory/data-place.ts';
import { measure } from '../../../../src/engines/postgres/directory/replace/measure.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, openStore } from '../postgres-fixture.ts';
import { repositoryIn } from './replace-fixture.ts';

const docker = useDocker();
const mebibyte = 1024 * 1024;

test('the same disk is told from another, and another machine from both', async () => {
  await using store = await openStore();
  const repository = await repositoryIn(store);
  const place = await repository.place();
  const data = join(store.directory, 'data of a server');
  for (const directory of ['base', 'pgsql_tmp.holdfast/0123456789abcdef/old', 'lost+found']) mkdirSync(join(data, directory), { recursive: true });
  for (const [name, size] of [['base/1', mebibyte], ['PG_VERSION', 2], ['pgsql_tmp.holdfast/0123456789abcdef/old/1', 5 * mebibyte], ['lost+found/1', mebibyte]] as const) writeFileSync(join(data, name), Buffer.alloc(size, 'x'));
  const imageId = await docker.image('postgres:17');
  const beside: DataPlace = { component: 'postgres', directory: '/data', mount: { type: 'bind', source: data, target: '/data' }, imageId };
  const own = await measure(contextOf(docker), beside, place);
  expect(own).toMatchObject({ plainBytes: mebibyte + 2, place: { location: store.directory, lies: 'same', freeBytes: place.freeBytes } });
  // The directory itself, base, and two files: a block for each, and one for the two bytes.
  expect(own.archiveBytes).toBe(mebibyte + 512 + 4 * 512);
  expect(own.freedBytes).toBeGreaterThanOrEqual(mebibyte);
  expect(own.freedBytes).toBeLessThan(4 * mebibyte);

  // An image without what the server of the backup loads would be known when the old data is gone.
  const { fields } = await failing('ExtensionMissing', measure(contextOf(docker), beside, place, { libraries: ['auto_explain', 'no_such_one'], image: 'shop/postgres:17' }));
  expect(fields.cause).toContain('the image shop/postgres:17 lacks no_such_one, which');

  const name = docker.name('memory');
  await docker.engineCall('POST', '/volumes/create', { Name: name, Labels: docker.labels, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=16m' } });
  const apart: DataPlace = { ...beside, mount: { type: 'volume', source: name, target: '/data' } };
  const lies = async (repositoryPlace: typeof place): Promise<string> => (await measure(contextOf(docker), apart, repositoryPlace)).place.lies;
  expect(await lies(place)).toBe('here');
  expect(await lies({ ...place, head: null })).toBe('elsewhere');
  expect(await lies({ ...place, head: { hostPath: place.head?.hostPath ?? '', sha256: 'f'.repeat(64) } })).toBe('elsewhere');
}, 300_000);
