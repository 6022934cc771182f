/** What is compared with what before a component is dumped; in earnest in test/e2e/full-repository.test.ts. */
import { describe, expect, it } from 'vitest';
import { requireSpace } from '../../src/activities/repository-space.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { base, committed, run, sampleManifest, storeArtifacts } from '../repository/sample-manifest.ts';

/** A repository with so much room; memory itself has no such notion. */
const withFree = (freeBytes: number | null): Repository => createRepository('nas', { ...createInMemoryStorage(), freeBytes: async () => freeBytes });
const ofSize = (dataSizeBytes: number) => async () => ({ dataSizeBytes });
const unasked = async (): Promise<never> => {
  throw new Error('the database was asked without need');
};
/** What the sample's dump and roles take. */
const lastBytes = 11;

describe('a component with an earlier backup', () => {
  it('goes on where that would fit, without asking the database', async () => {
    const repository = withFree(lastBytes);
    await committed(repository, 'shop', 'a');
    await requireSpace(repository, 'shop', 'postgres', 'dump', unasked);
  });

  it('is refused where it would not, unless there is less of it now', async () => {
    const repository = withFree(lastBytes - 1);
    await committed(repository, 'shop', 'a');
    const { fields } = await failing('NotEnoughSpace', requireSpace(repository, 'shop', 'postgres', 'dump', ofSize(1000)));
    expect(fields.cause).toMatch(/11.*10/);
    await requireSpace(repository, 'shop', 'postgres', 'dump', ofSize(lastBytes - 1));
  });
});

it('an incremental one is tried where none was taken before, and says nothing of a full one', async () => {
  const repository = withFree(16);
  await requireSpace(repository, 'shop', 'postgres', 'incremental', unasked);
  const sample = sampleManifest('shop', await repository.claimBackup('shop', run('a'), 0));
  const manifest = { ...sample, components: [{ ...base, chain: [{ backupId: '20261122-010000', sha256: 'a'.repeat(64) }] }, ...sample.components.slice(1)] };
  await storeArtifacts(repository, manifest);
  await repository.commitManifest(manifest);
  await failing('NotEnoughSpace', requireSpace(repository, 'shop', 'postgres', 'incremental', ofSize(1000)));
  await failing('NotEnoughSpace', requireSpace(repository, 'shop', 'postgres', 'base', ofSize(1000)));
  await requireSpace(repository, 'shop', 'postgres', 'base', ofSize(100));
});

it('what a dump took says nothing of a base backup', async () => {
  const repository = withFree(lastBytes);
  await committed(repository, 'shop', 'a');
  await failing('NotEnoughSpace', requireSpace(repository, 'shop', 'postgres', 'base', ofSize(1000)));
});

describe('a component without one', () => {
  it.each([[1000, 125, true], [1000, 124, false], [0, 0, true]])('of %i bytes, with %i free: goes on %s', async (dataSizeBytes, freeBytes, goesOn) => {
    const asking = requireSpace(withFree(freeBytes), 'shop', 'postgres', 'dump', ofSize(dataSizeBytes));
    if (goesOn) await asking;
    else await failing('NotEnoughSpace', asking);
  });

  it('goes on where the place cannot say how much is free', async () => {
    await requireSpace(withFree(null), 'shop', 'postgres', 'dump', unasked);
  });
});
