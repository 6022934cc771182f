/** A base backup, or a moment of its log, made ready inside the live data directory. Nothing live changes. */
import type { ArtifactSource, EngineContext, PreparedComponent } from '../../engine-context.ts';
import { allEnded } from '../../../domain/all-ended.ts';
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { Loss } from '../../../domain/restore-plan.ts';
import type { ComponentCutOver, PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { formatLsn } from '../../../domain/wal/lsn.ts';
import { counted } from '../../../domain/wording.ts';
import type { MomentRecovery, ReachedMoment, RecoveredComponent } from '../../moment-engine.ts';
import { coveredBy } from '../recovery/target.ts';
import { findRecovery, type Reached, type RecoveryServer } from '../recovery/recovery-server.ts';
import { keptNotes, placeOf, sightData, sightDirectory, type DataSighting } from './data-place.ts';
import { requireSameLive } from './exchange.ts';
import { configurationFor, cutOverOf, finishCopy, stepsOf } from './finish-copy.ts';
import { lossAgainst, lossAsPlanned } from './loss.ts';
import { recoverBeside, standing, type RecoveryBeside } from './recover-beside.ts';
import { imageNotes, requireFit } from './require-fit.ts';
import { preparedNoteKey } from './run-directory.ts';

/** A base backup as it is, to its own end. @param configuration whose it gets: unless given that of configurationFor @throws what sightData, requireFit and recoverBeside throw */
export async function prepareDirectory(ctx: EngineContext, component: PostgresComponent, backup: PostgresBase, source: ArtifactSource, configuration?: 'live' | 'backup'): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  const finished = await finishedBefore(ctx, component);
  if (finished !== null) return finished;
  const { files, archive } = await source.timelines?.(backup) ?? { files: [], archive: null };
  const beside: RecoveryBeside = { backup, source, request: { target: { kind: 'consistent', backupId: '' }, inclusive: true, timeline: backup.range.timeline }, log: { files, mount: archive } };
  const { server, reached, prepared } = await recovered(ctx, component, sighting, beside, backup.snapshot.at, source.backupId);
  return finish(ctx, component, sighting, prepared, server, reached.lsn, configuration);
}

/** A moment of the log behind it; see the contract (moment-engine.ts). */
export async function recoverToMoment(ctx: EngineContext, component: PostgresComponent, recovery: MomentRecovery): Promise<RecoveredComponent> {
  const { prepared, reached } = await recovered(ctx, component, await sightData(ctx, component), besideOf(recovery), null);
  return { prepared, reached: { stop: reached.stop, lsn: reached.lsn, lastCommitAt: reached.lastCommitAt } };
}

/** @throws PlanChanged where it comes to another position than it stood at, or what it would replace is another server by now; ContainerRecreated */
export async function finishMoment(ctx: EngineContext, component: PostgresComponent, recovery: MomentRecovery, expected: ReachedMoment, planned?: ComponentCutOver): Promise<PreparedComponent> {
  // Two looks that change nothing, at what is live and at what stands beside it.
  const [sighting, there] = await allEnded([sightData(ctx, component), standing(ctx, component)]);
  if (planned?.engine === 'postgres' && planned.method === 'directory') requireSameLive(sighting, planned);
  const finished = await finishedBefore(ctx, component);
  if (finished !== null) return finished;
  const isThere = there?.state.lsn === expected.lsn;
  const { server, reached } = isThere ? { server: there.server, reached: expected } : await recoverBeside(ctx, component, sighting, besideOf(recovery));
  if (reached.lsn !== expected.lsn) {
    throw new HoldfastFailure('PlanChanged', { operation: 'finish what was recovered', object: component.container, cause: `recovered anew it stands at ${reached.lsn}, the plan was made at ${expected.lsn}`, hint: 'Nothing was changed. Start again and look at the new plan.' });
  }
  // As the plan has it, which says what a roll-back leads back to.
  const isAnswering = planned?.engine !== 'postgres' || planned.method !== 'directory' || planned.answered !== false;
  const loss = lossAsPlanned(component, coveredBy(recovery, reached));
  return finish(ctx, component, sighting, preparedOf(component, sighting, provisional(ctx, component, sighting, recovery, isAnswering), recovery.backup, loss), server, reached.lsn);
}

const besideOf = ({ backup, source, target, inclusive, timeline, files, archive }: MomentRecovery): RecoveryBeside =>
  ({ backup, source, request: { target, inclusive, timeline }, log: { files, mount: archive } });

/** Recovered and compared, paused. @param after the instant that it covers; read from what was replayed where it is null @param backupId where it could be replaced in place as well */
async function recovered(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, beside: RecoveryBeside, after: string | null, backupId?: string): Promise<{ readonly server: RecoveryServer; readonly reached: Reached; readonly prepared: PreparedComponent }> {
  await requireFit(ctx, component, sighting, { backup: beside.backup, files: beside.log.files.length, replacesOwn: await findRecovery(ctx, component.name) !== null, ...(backupId === undefined ? {} : { backupId }) });
  const { server, reached, notes } = await recoverBeside(ctx, component, sighting, beside);
  const { loss, isAnswering } = await lossAgainst(ctx, component, sighting, server, after ?? coveredBy({ backup: beside.backup, target: beside.request.target }, reached));
  const prepared = preparedOf(component, sighting, provisional(ctx, component, sighting, beside, isAnswering), beside.backup, loss);
  return { server, reached, prepared: { ...prepared, notes: [...prepared.notes, ...imageNotes(sighting.container, beside.backup), ...notes] } };
}

async function finish(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, prepared: PreparedComponent, server: RecoveryServer, lsn: string, configuration?: 'live' | 'backup'): Promise<PreparedComponent> {
  const { answered } = prepared.cutOver as PostgresDirectoryCutOver;
  const finished = { ...prepared, cutOver: await finishCopy(ctx, component, sighting, server, lsn, answered !== false, configuration) };
  await ctx.recordOnce(preparedNoteKey(component.name), finished);
  return finished;
}

/** What an earlier attempt of this run finished, and nobody has touched since. */
export async function finishedBefore(ctx: EngineContext, component: PostgresComponent): Promise<PreparedComponent | null> {
  const prepared = await ctx.readNote(preparedNoteKey(component.name)) as PreparedComponent | undefined;
  if (prepared === undefined) return null;
  const cutOver = prepared.cutOver as PostgresDirectoryCutOver;
  const { control } = await sightDirectory(ctx, placeOf(cutOver), `${cutOver.directory}/${cutOver.prepared}`, null);
  return control !== null && control.checkpoint === cutOver.control?.checkpoint && control.state === cutOver.control.state ? prepared : null;
}

/** The place of what is still recovering: a cut-over to it is refused, for no server that was shut down lies there. */
const provisional = (ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, { backup }: Pick<RecoveryBeside, 'backup'>, isAnswering: boolean): PostgresDirectoryCutOver =>
  cutOverOf(ctx, component, sighting, { systemIdentifier: backup.server.systemIdentifier, state: 'in archive recovery', timeline: backup.range.timeline, checkpoint: formatLsn(0n) }, isAnswering);

function preparedOf(component: PostgresComponent, sighting: DataSighting, cutOver: PostgresDirectoryCutOver, backup: PostgresBase, loss: Loss): PreparedComponent {
  return {
    component: component.name, cutOver, loss, createdRoles: [], notCompared: backup.notCompared,
    compared: { component: component.name, objects: backup.databases.length, differences: [] },
    notes: [
      ...keptNotes(sighting),
      `The whole server is replaced, with all of its ${counted(backup.databases.length, 'database')}, its roles and their passwords: ${backup.databases.map(({ name }) => name).join(', ')}.`,
      configurationFor(cutOver) === 'live' ? 'Its configuration files stay as they are now.'
        : `Its configuration files are those of the backup: the server ${sighting.container.state === 'running' ? 'does not answer' : 'does not run'}, and its own may be why.`,
    ],
    steps: stepsOf(cutOver, 'the recovered copy'),
  };
}
