/**
 * Data replaced where it lies, its server stopped: copied out, read back, dropped, made anew in its place; or, while nobody was let in, brought back from the copy.
 * What was decided and done stands in the repository and on the volume, so that each part finds its way from wherever an earlier attempt, or another run, ended.
 */
import { identityOf } from '../../../../containers/labels.ts';
import type { ContainerFacts } from '../../../../containers/container-runtime.ts';
import { HoldfastFailure } from '../../../../domain/failures.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import type { ComponentBackup } from '../../../../domain/backup-manifest.ts';
import type { SetAsideCopy } from '../../../../domain/set-aside.ts';
import type { ArtifactSource, EngineContext } from '../../../engine-context.ts';
import { scripts } from '../../server/script-text.ts';
import { placeOf } from '../data-place.ts';
import { endOwn, exchange, removeDirectories, requireNobodyThere, sight, startAsItWas, stopForMovingBack, worksBeside } from '../exchange.ts';
import { configurationFor } from '../finish-copy.ts';
import { finishedBefore, prepareDirectory } from '../prepare.ts';
import { prepareFromDump } from '../prepare-from-dump.ts';
import { removeRecovery } from '../remove.ts';
import { findRecovery } from '../../recovery/recovery-server.ts';
import { runDirectoryOf } from '../run-directory.ts';
import { copyOut } from './copy-out.ts';
import { accessOf, argumentsOf, marksOf, ownPlace, runCopyStep, type Replacing } from './set-aside-place.ts';

/** Up to the new data in its place, still closed. Idempotent. */
export async function carryOut(ctx: EngineContext, component: PostgresComponent, cutOver: Replacing, brought: { readonly backup: ComponentBackup; readonly source: ArtifactSource } | null): Promise<void> {
  // Once the renames have begun the rest is theirs.
  if ((await sight(ctx, cutOver)).phase === null) {
    const place = ownPlace(ctx, cutOver);
    if (await place.isBack()) throw rolledBack(cutOver);
    await requireNobodyThere(ctx, cutOver, (each) => isOwnScratch(ctx, each) || worksBeside(each, cutOver));
    const copy = await copyOut(ctx, cutOver);
    const incoming = cutOver.replace.brings.kind === 'copy' ? await intactCopy(ctx, cutOver, cutOver.replace.brings.run) : null;
    if (await place.decide('drop') !== 'drop' || await place.isBack()) {
      // Whoever rolled back removed what had been copied by then, and nobody looks for what a late attempt copies.
      await place.remove();
      throw rolledBack(cutOver);
    }
    await runCopyStep(ctx, cutOver, { step: 'drop', script: scripts.dropDirectory, phase: 'drop the old data', copy: place, args: [...argumentsOf(copy).slice(0, 2), copy.controlFile] });
    if (incoming !== null) await runCopyStep(ctx, cutOver, { step: 'lay-out', script: scripts.layOutCopy, phase: 'unpack the copy', copy: incoming.place, args: argumentsOf(incoming.copy) });
    else await makeAnew(ctx, component, cutOver, brought);
  }
  await exchange(ctx, cutOver, 'in');
}

const rolledBack = ({ container }: Replacing): HoldfastFailure =>
  new HoldfastFailure('CutOverFailed', { operation: 'drop the old data', object: container, cause: 'the cut-over is being rolled back', hint: 'Nothing was dropped. Start the runbook again.' });

/** As beside a volume that never had a server, where all the room is. Compared with the manifest there. */
async function makeAnew(ctx: EngineContext, component: PostgresComponent, cutOver: Replacing, brought: { readonly backup: ComponentBackup; readonly source: ArtifactSource } | null): Promise<void> {
  if (brought?.backup.engine !== 'postgres') throw new HoldfastFailure('InvalidInput', { operation: 'make the new data', object: cutOver.container, cause: 'no backup of PostgreSQL was given', hint: 'Please report this: it is a mistake in Holdfast.' });
  const { backup, source } = brought;
  // What an attempt left that was killed takes the room that is asked for next.
  if (await findRecovery(ctx, component.name) === null && await finishedBefore(ctx, component) === null) await removeRecovery(ctx, ctx.owner, component, placeOf(cutOver));
  if (backup.method === 'base') await prepareDirectory(ctx, component, backup, source, configurationFor(cutOver));
  else await prepareFromDump(ctx, component, backup, source, 'its data is replaced where it lies');
}

/** What an undo brings: read through once more before what is there goes. @throws UnknownRollbackCopy, ArtifactDamaged */
async function intactCopy(ctx: EngineContext, cutOver: Replacing, run: string) {
  const place = accessOf(ctx).of(run, cutOver.component);
  return { place, copy: await requireCopy(ctx, place, cutOver.container) };
}

/** @throws UnknownRollbackCopy, ArtifactDamaged */
export async function requireCopy(ctx: EngineContext, place: ReturnType<typeof ownPlace>, object: string): Promise<SetAsideCopy> {
  const copy = await place.read();
  if (copy === null) throw new HoldfastFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: place.location, cause: 'there is none', hint: 'It was accepted away, or brought back.' });
  ctx.progress({ phase: 'read the copy through' });
  for (const { file, sizeBytes, sha256 } of [copy.archive, copy.members]) {
    const found = await place.digest(copy.attempt, file, ctx.signal);
    if (found.sizeBytes === sizeBytes && found.sha256 === sha256) continue;
    throw new HoldfastFailure('ArtifactDamaged', { operation: 'read the rollback copy', object: `${place.location}/attempts/${copy.attempt}/${file}`, cause: 'it is not what was written', hint: `What is in ${object} stays as it is. Look at the disk of the repository.` });
  }
  return copy;
}

/** Before the opening, by the run or by whoever repairs it: the old data where it was, and running where it ran; its copy goes when that is so. Idempotent. @returns as startAsItWas */
export async function rollBackReplaced(ctx: EngineContext, component: PostgresComponent, cutOver: Replacing): Promise<readonly string[]> {
  const place = ownPlace(ctx, cutOver);
  await endOwn(ctx, cutOver, ['helper', 'scratch']);
  if (await place.decide('keep') === 'drop' && !await place.isBack()) {
    await stopForMovingBack(ctx, cutOver);
    await requireNobodyThere(ctx, cutOver, (each) => worksBeside(each, cutOver));
    const copy = await place.read();
    if (copy === null) throw new HoldfastFailure('AmbiguousState', { operation: 'bring the old data back', object: place.location, cause: 'it was dropped, and there is no record of its copy', hint: `Look at ${place.location} and at ${cutOver.directory} on ${cutOver.volume} before anything else.` });
    await runCopyStep(ctx, cutOver, { step: 'put-back', script: scripts.putBack, phase: 'bring the old data back', copy: place, args: [...argumentsOf(copy), copy.controlFile] });
    await place.markBack();
  }
  const told = await startAsItWas(ctx, component, cutOver);
  await forgetMarks(ctx, cutOver);
  await place.remove();
  return told;
}

/** What was done to a volume is over. */
export const forgetMarks = async (ctx: EngineContext, cutOver: Replacing): Promise<void> => void await removeDirectories(ctx, cutOver, 'prepared', [marksOf(cutOver)]);

/** The old data for good: of this cut-over, and of those whose copies it has outlived. */
export async function discardReplaced(ctx: EngineContext, cutOver: Replacing): Promise<void> {
  const { run, brings, outlived } = cutOver.replace;
  await removeDirectories(ctx, cutOver, 'aside', [marksOf(cutOver), runDirectoryOf(cutOver.aside)]);
  for (const each of [run, ...(brings.kind === 'copy' ? [brings.run] : []), ...outlived]) await accessOf(ctx).of(each, cutOver.component).remove();
}

function isOwnScratch({ owner }: EngineContext, { labels }: ContainerFacts): boolean {
  const identity = identityOf(labels);
  return identity !== null && (identity.kind === 'scratch' || identity.kind === 'helper') && identity.owner.runId === owner.runId;
}
