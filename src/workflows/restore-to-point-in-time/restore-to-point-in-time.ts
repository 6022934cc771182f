/**
 * `restoreToPointInTime`: the way to a moment, recovery beside the live data, a look as long as one likes, then the same yes and the same cut-over as of a backup.
 * What was recovered becomes a server of its own only after the approval.
 */
import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import { durationText } from '../../domain/wording.ts';
import { shortRunId } from '../../domain/workflow-ids.ts';
import { openApprovalGate } from '../shared/approval-gate.ts';
import { bringBack, type Prepared } from '../shared/bring-back.ts';
import { findWay, type Way } from '../shared/find-way.ts';
import { targetOf, type Target } from '../shared/inspect-target.ts';
import { readWish, type Wish } from '../shared/point-fields.ts';
import { recoveryReport } from '../shared/recovery-report.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { startBase } from '../shared/start-base.ts';
import { startStopwatch } from '../shared/stopwatch.ts';
import { finalFailure } from '../shared/workflow-failure.ts';
import { readPointInput } from './input.ts';
import type { RestoreToPointInTimeInput, RestoreToPointInTimeResult } from './messages.ts';
import { openMoves, type Moves } from './moves.ts';
import { inspectAll, loggedComponent, standAt, type Standing } from './recover.ts';

export async function restoreToPointInTime(input: RestoreToPointInTimeInput): Promise<RestoreToPointInTimeResult> {
  return inFrame('restoreToPointInTime', input, readPointInput, async (run) => {
    const gate = openApprovalGate(run);
    const moves = openMoves(run);
    const requestedAt = new Date(Date.now()).toISOString();
    const watch = startStopwatch();
    const { service, into, since } = run.input;
    const health = into === undefined ? await run.host.quick.checkHealth({ service }) : null;

    watch.lap('source');
    await repairEndedRuns(run, true);
    const stand = standOf(run, moves);
    if (run.input.dryRun === true) {
      const { body, backup } = await stand.prepare();
      return { outcome: 'planned', backupId: backup?.backupId ?? '', plan: await run.host.quick.planRestore({ body }), report: null, rollbackRun: null, newBase: null };
    }
    const back = await bringBack(run, gate, watch, { operation: 'restore', prepare: stand.prepare, overtaken: moves.waiting, finish: stand.finish, undoneRunId: null });
    const { point, way } = stand.now();
    const report = recoveryReport({ since, requestedAt, health, point }, back);
    run.done(`BACK at ${back.backAt}. RTO ${durationText(report.rtoMs)} from ${report.disaster.at} (${report.disaster.source}), ${durationText(report.rtoFromApprovalMs)} from approval. RPO ${durationText(report.rpoMs)}.`);
    // A cancellation that came behind the opening was too late for the restore, and is no reason to leave the new timeline without a base backup.
    const newBase = into === undefined ? await CancellationScope.nonCancellable(() => startBase(run, loggedComponent(run), back.prepared)) : null;
    return { outcome: 'restored', backupId: way.located.base.backupId, plan: back.plan, report, rollbackRun: workflowInfo().workflowId, newBase };
  });
}

interface Stand {
  /** At the point that was asked for, then at each that it is moved to. */
  prepare(): Promise<Prepared>;
  finish(prepared: readonly PreparedComponent[]): Promise<readonly PreparedComponent[]>;
  now(): Standing;
}

/** What stands ready now, over all the moves: one that cannot be reached is told, and leads back to where it stood. */
function standOf(run: Run<RestoreToPointInTimeInput>, moves: Moves): Stand {
  const { service } = run.input;
  let standing: Standing | null = null;
  const now = (): Standing => standing as Standing;
  const wayTo = (wish: Wish, targets: readonly Target[]): Promise<Way> => {
    const component = loggedComponent(run);
    return findWay(run, component, wish, targetOf(targets, component)?.facts);
  };

  async function moved(before: Standing, wish: Wish, targets: readonly Target[]): Promise<Standing> {
    let way: Way | null = null;
    try {
      way = await wayTo(wish, targets);
      return await standAt(run, way, targets, before);
    } catch (error) {
      if (isCancellation(error)) throw error;
      run.warn(`Not moved: ${finalFailure(error, service).message}`);
      // Where there is no way nothing was touched; a recovery that failed has taken what stood there with it.
      return way === null ? before : standAt(run, before.way, targets, before);
    }
  }

  return {
    now,
    prepare: async () => {
      const wish = moves.take();
      const targets = await inspectAll(run);
      // Asked again without a move, what stood ready is another run's (a reset): all of it is made anew.
      standing = standing !== null && wish !== null ? await moved(standing, wish, targets) : await standAt(run, await wayTo(standing?.way.wish ?? readWish(run.input), targets), targets, null);
      run.note(`Look at it: holdfast query ${shortRunId(workflowInfo().workflowId)} SQL. Another moment: holdfast move ${shortRunId(workflowInfo().workflowId)} --to POINT`);
      return now().ready;
    },
    finish: async (prepared) => {
      const component = loggedComponent(run);
      run.step('[3/5] Finish    what stands there becomes a server of its own, still beside the live data');
      const { way: { located }, recovered: { reached, prepared: { cutOver: planned } } } = now();
      const finished = await run.host.long.finishRecovery({ service, component, located, reached, planned });
      return prepared.map((each) => (each.component === component.name ? finished : each));
    },
  };
}
