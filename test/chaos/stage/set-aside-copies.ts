/** What lies in a stage's repository of data that was dropped: each copy read against its own record. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../../../src/repository/repository.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';

/** What was decided of a copy outlives it, so that nobody decides anew. */
const outlives = ['decision.json', 'back.json'];

/** `<run>/<component>` of each that is what its record says; and `<run>/<component>/<path>` of every other file. */
export async function observeSetAside(repository: Repository, { repositoryPath, name: service }: Pick<ServiceFixture, 'repositoryPath' | 'name'>): Promise<readonly string[]> {
  const root = join(repositoryPath, service, 'set-aside');
  const found: string[] = [];
  for (const runId of await namesIn(root)) {
    for (const component of await namesIn(join(root, runId))) {
      const files = (await filesBelow(join(root, runId, component))).filter((path) => !outlives.includes(path));
      const whole = await partsOfWhole(repository, { service, runId, component });
      found.push(...(whole === null ? [] : [`${runId}/${component}`]), ...files.filter((path) => whole?.includes(path) !== true).map((path) => `${runId}/${component}/${path}`));
    }
  }
  return found;
}

/** Null where there is no record, or what it names is gone or another. */
async function partsOfWhole(repository: Repository, key: Parameters<Repository['setAside']>[0]): Promise<readonly string[] | null> {
  const place = repository.setAside(key);
  const copy = await place.read();
  if (copy === null) return null;
  for (const { file, sizeBytes, sha256 } of [copy.archive, copy.members]) {
    const stored = await place.digest(copy.attempt, file, AbortSignal.timeout(readWithinMs)).catch(() => null);
    if (stored?.sizeBytes !== sizeBytes || stored.sha256 !== sha256) return null;
  }
  return ['copy.json', ...[copy.archive, copy.members].map(({ file }) => `attempts/${copy.attempt}/${file}`)];
}
const readWithinMs = 20_000;

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);

const filesBelow = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
