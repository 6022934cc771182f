/** What lies in a data directory, and whether the repository lies on its file system. Reads only. */
import type { CopyPlace } from '../../../../domain/replacement.ts';
import { HoldfastFailure } from '../../../../domain/failures.ts';
import type { EngineContext, SetAsideAccess } from '../../../engine-context.ts';
import { failedStep, resultOf, runPostgresHelper } from '../../server/postgres-helper.ts';
import { firstError } from '../../server/psql-failure.ts';
import { librariesFailure, librariesFile } from '../../server/required-libraries.ts';
import { scripts } from '../../server/script-text.ts';
import type { DataPlace } from '../data-place.ts';

export interface Measured {
  readonly archiveBytes: number;
  /** Of the files' content. */
  readonly plainBytes: number;
  readonly freedBytes: number;
  readonly freeBytes: number | null;
  readonly place: CopyPlace;
}

type Repository = Awaited<ReturnType<SetAsideAccess['repository']>>;

/** @param repository where a copy would lie; null where that is not asked @param needed what comes in loads, into a server of which image @throws ExtensionMissing where that lacks some, UnsupportedTopology where the directory cannot be looked at */
export async function measure(ctx: EngineContext, { component, directory, mount, imageId }: DataPlace, repository: Repository | null, needed: { readonly libraries: readonly string[]; readonly image: string } = { libraries: [], image: '' }): Promise<Measured> {
  const head = repository?.head ?? null;
  const result = await runPostgresHelper(ctx, {
    component: { name: component, user: 'postgres' }, step: 'measure', imageId, network: 'none', majorVersion: 0, script: scripts.measureDirectory, args: [directory, ...(head === null ? [] : ['/repository.json'])], phase: 'measure the old data', files: librariesFile(needed.libraries),
    mounts: [{ ...mount, readOnly: true }, ...(head === null ? [] : [{ type: 'bind', source: head.hostPath, target: '/repository.json', readOnly: true } as const])],
  });
  const lacking = result.exitCode === 0 ? null : librariesFailure(result, { operation: 'replace the data where it lies', object: component }, needed.image);
  if (lacking !== null) throw lacking;
  if (result.exitCode !== 0) throw new HoldfastFailure('UnsupportedTopology', { operation: 'measure the old data', object: `${mount.source}:${directory}`, cause: firstError(failedStep(result).messages), hint: 'See what is mounted there.' });
  const [archiveBytes, plainBytes] = resultOf(result, 'archive').trim().split(' ').map(Number);
  const freeKib = result.files.get('free')?.trim();
  const seen = resultOf(result, 'repository').trim();
  const lies = head === null || seen !== head.sha256 ? 'elsewhere' : resultOf(result, 'same').trim() === 'yes' ? 'same' : 'here';
  return {
    archiveBytes: archiveBytes ?? 0, plainBytes: plainBytes ?? 0, freedBytes: Number(resultOf(result, 'freed').trim()) * 1024, freeBytes: freeKib === undefined || freeKib === '' ? null : Number(freeKib) * 1024,
    place: { location: repository?.location ?? '', lies, freeBytes: repository?.freeBytes ?? null },
  };
}
