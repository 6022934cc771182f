/** The steps to a plan: the way to a point, recovery beside the live data, and the other stores brought as near to it as their backups allow. */
import type { RecoveredPoint } from '../../activities/moment/moment-activities.ts';
import { recoveryPoint } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { Component } from '../../domain/service.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import type { ComponentFacts } from '../../engines/engine.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import type { Prepared } from '../shared/bring-back.ts';
import { companionNextTo, companionText, endedBackup, plannedCompanion, type ChosenCompanion } from '../shared/companion.ts';
import { discardName } from '../shared/cut-over.ts';
import type { Way } from '../shared/find-way.ts';
import { inspectOrReplace, targetOf, type Target } from '../shared/inspect-target.ts';
import { approvalRequired, restoreBody } from '../shared/restore-body.ts';
import type { Run } from '../shared/run.ts';
import type { RestoreToPointInTimeInput } from './messages.ts';

type PointRun = Run<RestoreToPointInTimeInput>;

/** A store without a log of its own, and the backup that it comes from. */
interface PreparedCompanion {
  readonly prepared: PreparedComponent;
  readonly companion: ChosenCompanion;
}

/** What stands ready at a point. */
export interface Standing {
  readonly way: Way;
  readonly recovered: RecoveredPoint;
  readonly companions: readonly PreparedCompanion[];
  readonly ready: Prepared;
  /** The instant that what comes back covers. */
  readonly point: string;
}

/** The one whose log leads to the point. @throws HoldfastFailure InvalidInput */
export function loggedComponent(run: PointRun): Component {
  const found = run.components.find(({ engine }) => engine === 'postgres');
  if (found !== undefined) return found;
  throw new HoldfastFailure('InvalidInput', { operation: 'come back to a moment', object: run.input.service, cause: 'none of its stores that are asked for keeps a log', hint: 'Restore a backup: holdfast restore ID.' });
}

export const inspectAll = (run: PointRun): Promise<readonly Target[]> =>
  allOrNone(run.components.map((component) => () => inspectOrReplace(run, component, component === loggedComponent(run))));

/** @param before what stood ready at another point, where there was one: what the other stores were prepared from stays */
export async function standAt(run: PointRun, way: Way, targets: readonly Target[], before: Standing | null): Promise<Standing> {
  const { service } = run.input;
  const component = loggedComponent(run);
  run.step(`[2/5] Recover   beside the live data, paused ${way.wish.inclusive ? 'at' : 'just before'} ${way.wish.point}; nothing live changes`);
  run.compensations.drop(discardName(component.name));
  const recovered = await run.host.long.recoverToPoint({ service, component, located: way.located });
  const { prepared, reached } = recovered;
  run.compensations.add(discardName(component.name), () => run.host.quick.discardPreparedComponent({ service, component, cutOver: prepared.cutOver }));
  run.done(`Stopped ${reached.stop}, at ${reached.lsn}; last transaction ${reached.lastCommitAt ?? 'before the base backup'}`);
  run.step('[3/5] Compare   with what is live');
  for (const line of [...prepared.loss.notes, ...prepared.notes]) run.note(line);
  const companions = await companionsAt(run, way, prepared.loss.after, targets, before?.companions ?? []);
  return standing(run, way, targets.map(({ facts }) => facts), recovered, companions);
}

/** Each from what lies next to the instant. A backup that was prepared for another one stays; an append-only file leads to each by itself. */
function companionsAt(run: PointRun, way: Way, at: string, targets: readonly Target[], before: readonly PreparedCompanion[]): Promise<readonly PreparedCompanion[]> {
  const { service } = run.input;
  return allOrNone(run.components.filter((component) => component !== loggedComponent(run)).map((component) => async () => {
    const standing = before.find((each) => each.prepared.component === component.name);
    if (standing !== undefined && standing.companion.aof !== true) return standing;
    const unusable = targetOf(targets, component)?.unusable ?? null;
    const companion = await companionNextTo(run, component, at, { of: endedBackup(way), unusable: unusable !== null });
    if (standing !== undefined) run.compensations.drop(discardName(component.name));
    const { backupId, manifestSha256 } = companion.backup;
    await run.host.long.verifyComponent({ service, backupId, manifestSha256, component: component.name, depth: 'bytes' });
    const prepared = await run.host.long.prepareComponent({ service, backupId, manifestSha256, component, ...(unusable === null ? {} : { unusable }) });
    run.compensations.add(discardName(component.name), () => run.host.quick.discardPreparedComponent({ service, component, cutOver: prepared.cutOver }));
    for (const note of prepared.notes) run.note(note);
    return { prepared, companion };
  }));
}

function standing(run: PointRun, way: Way, facts: readonly ComponentFacts[], recovered: RecoveredPoint, companions: readonly PreparedCompanion[]): Standing {
  const { located: { base, timeline, segments }, wish } = way;
  const { prepared: own, reached, readyMark } = recovered;
  const point = own.loss.after;
  const prepared = run.components.map((component) => companions.find((each) => each.prepared.component === component.name)?.prepared ?? own);
  const others = companions.map(({ prepared: { component }, companion }) => plannedCompanion(component, companion, point));
  const { skewMs } = recoveryPoint([point, ...others.map(({ at }) => at)]);
  const body = restoreBody(run, {
    backup: { id: base.backupId, manifestSha256: base.manifestSha256, point, skewMs }, facts, prepared,
    moment: { asked: wish.point, inclusive: wish.inclusive, timeline, lsn: reached.lsn, stop: reached.stop, lastCommitAt: reached.lastCommitAt, segments, companions: others },
  });
  for (const other of others) run.note(companionText(other));
  return {
    way, recovered, companions, point,
    ready: {
      body, prepared, approvalRequired: approvalRequired(run, facts), backup: { backupId: base.backupId, manifestSha256: base.manifestSha256, point },
      companions: Object.fromEntries(companions.map(({ prepared: { component }, companion: { backup } }) => [component, { backupId: backup.backupId, manifestSha256: backup.manifestSha256 }])),
      readyMarks: { [own.component]: readyMark },
    },
  };
}
