/** Everything in a data directory whose server is stopped, as an archive in the repository; recorded only when it was read back and is equal. */
import type { HelperResult } from '../../../../containers/helper-container.ts';
import { HoldfastFailure } from '../../../../domain/failures.ts';
import { copyRoom } from '../../../../domain/replacement.ts';
import type { SetAsideCopy, StoredFile } from '../../../../domain/set-aside.ts';
import type { EngineContext } from '../../../engine-context.ts';
import { failedStep, resultOf, runPostgresHelper, spaceFailure } from '../../server/postgres-helper.ts';
import { diskFullIn } from '../../server/psql-failure.ts';
import { scripts } from '../../server/script-text.ts';
import { writeArtifacts, type ArtifactPlace, type WrittenArtifacts } from '../../server/write-artifacts.ts';
import { placeOf } from '../data-place.ts';
import { sight } from '../exchange.ts';
import { runDirectoryOf } from '../run-directory.ts';
import { measure } from './measure.ts';
import { requireEqualCopy } from './read-back.ts';
import { elsewhere, ownPlace, stepFailure, type Replacing } from './set-aside-place.ts';

const operation = 'copy the old data out';

/** Idempotent: what an earlier attempt finished is answered. @throws UnsupportedTopology, NotEnoughSpace, DiskFull, ArtifactDamaged, BrokenStream, CutOverFailed */
export async function copyOut(ctx: EngineContext, cutOver: Replacing): Promise<SetAsideCopy> {
  const place = ownPlace(ctx, cutOver);
  const known = await place.read();
  if (known !== null) return known;
  const { archiveBytes, plainBytes, freedBytes } = await measure(ctx, placeOf(cutOver), null);
  const { control } = await sight(ctx, cutOver);
  const destination = await place.destination(ctx.attempt, ctx.signal);
  if (destination.hostDirectory === null) throw elsewhere(place.location);
  const written = await writeArtifacts(ctx, destination, (at) => pack(ctx, cutOver, at, copyRoom(archiveBytes)), (result) => failureOf(result, cutOver, place.location));
  const { result } = written;
  const archive = stored(written, resultOf(result, 'archive').trim());
  const copy: SetAsideCopy = {
    format: 1, attempt: ctx.attempt, archive, members: { ...stored(written, 'members'), count: Number(resultOf(result, 'count').trim()) }, dataBytes: plainBytes, diskBytes: freedBytes, controlFile: resultOf(result, 'control-file').trim(), control,
  };
  ctx.progress({ phase: 'read the copy back' });
  await requireEqualCopy(ctx, place, copy);
  const recorded = await place.record(copy);
  await place.removeOthers(recorded);
  return recorded;
}

function pack(ctx: EngineContext, cutOver: Replacing, { marker, artifacts, owner, mounts }: ArtifactPlace, leastBytes: number): Promise<HelperResult> {
  const { component, imageId, mount } = placeOf(cutOver);
  return runPostgresHelper(ctx, {
    component: { name: component, user: 'postgres' }, step: 'copy-out', imageId, network: 'none', majorVersion: 0, script: scripts.copyOut, phase: operation,
    args: [cutOver.directory, runDirectoryOf(cutOver.aside).split('/')[1] ?? '', owner, artifacts, marker, String(leastBytes)], mounts: [{ ...mount, readOnly: true }, ...mounts],
  });
}

function failureOf(result: HelperResult, { container }: Replacing, location: string) {
  const call = { operation, object: container };
  const { step, messages } = failedStep(result);
  const full = diskFullIn(messages);
  if (full !== null) return new HoldfastFailure('DiskFull', { ...call, cause: full, hint: `Make room in ${location}. Nothing was dropped.` });
  if (step === 'space') return spaceFailure(result, { operation, object: location });
  return step === 'not-shared' ? elsewhere(location) : stepFailure(result, call, location);
}

const stored = ({ stored: files }: WrittenArtifacts, file: string): StoredFile => ({ file, ...(files.get(file) ?? { sizeBytes: 0, sha256: '' }) });
