/** `runDrill`: the whole service, brought back as it would have to be, and gone again whatever came of it. Takes no lease and touches nothing live. */
import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { ChosenDrill } from '../../activities/drill/choose-activities.ts';
import type { DrillFindings, RecordedDrill } from '../../activities/drill/record-activities.ts';
import type { ResolvedService } from '../../activities/service-activities.ts';
import { checkName, drillCheck } from '../../domain/drill/check.ts';
import { classOfFailure } from '../../domain/drill/check-class.ts';
import { shortcoming } from '../../domain/drill/shortcoming.ts';
import type { DrillCleanUp } from '../../domain/drill/drill-report.ts';
import { counted } from '../../domain/wording.ts';
import { missingKeys } from '../../domain/drill/drill-keys.ts';
import { inFrame, isScheduled, type Run } from '../shared/run.ts';
import { failureTypeOf, workflowFailure } from '../shared/workflow-failure.ts';
import { askForKeys, type AskedKeys } from './ask-for-keys.ts';
import { bringUp, type BroughtUp } from './bring-up.ts';
import { drilledRepository } from './drilled-repository.ts';
import { sentenceOf, startDrillLog, type DrillLog } from './drill-log.ts';
import { readDrillInput } from './input.ts';
import type { RunDrillInput, RunDrillResult } from './messages.ts';

type DrillRun = Run<RunDrillInput>;

export async function runDrill(input: RunDrillInput): Promise<RunDrillResult> {
  return inFrame('runDrill', input, readDrillInput, async (run) => {
    const log = startDrillLog(run);
    if (run.input.depth !== 'restore') return fromNothing(run, log);
    const chosen = await unlessCancelled(run, log, () => ({ chosen: null }), () => choose(run, log));
    const brought = chosen === null ? nothing : await unlessCancelled(run, log, () => ({ chosen }), () => bringUp(run, log, chosen));
    return requireProven(run, chosen, await end(run, log, { chosen, brought }));
  }, { hostQueue, repository: drilledRepository });
}

/** A failover is another host's: nothing is asked of the service's own, which is gone. @throws InvalidInput where none is named */
function hostQueue({ depth, service }: RunDrillInput, { hostQueue: own, failoverQueue }: ResolvedService): string {
  if (depth !== 'failover') return own;
  if (failoverQueue !== undefined) return failoverQueue;
  throw workflowFailure('InvalidInput', { operation: 'read the input', object: 'depth', cause: `no other host is named for ${service}`, hint: 'Name it in holdfast.yaml: services, failover, host and repository.' });
}

const nothing: BroughtUp = { servers: [], sources: {}, tests: null };

/** As after a disaster: what holds the keys is asked first, then the repository which is the newest point that it leads to. */
async function fromNothing(run: DrillRun, log: DrillLog): Promise<RunDrillResult> {
  const asked: AskedKeys = { keys: [] };
  const chosen = await unlessCancelled(run, log, () => ({ chosen: null, ...asked }), async () => (await askForKeys(run, log, asked) ? newestPoint(run, log) : null));
  const brought = chosen === null ? nothing : await unlessCancelled(run, log, () => ({ chosen, ...asked }), () => bringUp(run, log, chosen));
  return requireProven(run, chosen, await end(run, log, { chosen, brought, ...asked, ...(missingKeys(asked.keys).length === 0 ? {} : { missing: 'keyMissing' as const }) }));
}

/** Nobody named anything: what leads nowhere is what the drill is to find out. */
async function newestPoint(run: DrillRun, log: DrillLog): Promise<ChosenDrill | null> {
  const { input: { service, depth }, repository } = run;
  const stage = { phase: 'locate', component: null, check: checkName('content'), classes: { UnknownBackup: 'noBackup', CouldNotVerify: 'imageMissing' } } as const;
  const chosen = await log.stage(stage, () => run.host.long.chooseRebuild({ service, kind: depth, ...(repository === undefined ? {} : { repository }) }));
  if (chosen === null) return null;
  const { backup: { backupId, repository: from }, way } = chosen;
  run.step(`[1/6] Locate    ${way === undefined ? `backup ${backupId}` : `base backup ${backupId} and ${counted(way.log?.segments ?? 0, 'segment')} of log behind it`}, out of ${from} alone`);
  return chosen;
}

/** Null where there is none, or nothing to bring it back in, which is what a drill is to find out; one that was named and is not there is a mistake of whoever named it. */
async function choose(run: DrillRun, log: DrillLog): Promise<ChosenDrill | null> {
  const { service, depth, backup, repository } = run.input;
  try {
    const chosen = await run.host.long.chooseDrill({ service, kind: depth, ...(backup === undefined ? {} : { backup }), ...(repository === undefined ? {} : { repository }) });
    run.step(`[1/6] Choose    backup ${chosen.backup.backupId} out of ${chosen.backup.repository}`);
    if (chosen.leftOut !== undefined) run.note(`${counted(chosen.leftOut, 'backup')} of before one of its stores was added: none to choose from`);
    for (const kept of chosen.kept ?? []) {
      if ('nowhere' in kept) run.warn(`The log of ${kept.component} leads nowhere (${kept.nowhere}): what was written since the backup would be lost`);
    }
    return chosen;
  } catch (error) {
    const type = failureTypeOf(error);
    const isFinding = type === 'ManifestDamaged' || type === 'RepositoryDamaged' || type === 'EnvironmentRefused' || (type === 'UnknownBackup' && (backup === undefined || backup === 'latest'));
    if (isCancellation(error) || !isFinding) throw error;
    log.add([drillCheck(checkName('content'), null, type === 'UnknownBackup' ? 'noBackup' : classOfFailure(type), sentenceOf(error))]);
    return null;
  }
}

/** A drill that is cancelled leaves a report as well: that it could not tell. */
async function unlessCancelled<T>(run: DrillRun, log: DrillLog, known: () => Pick<Ended, 'chosen' | 'keys'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await end(run, log, { ...known(), brought: nothing, missing: 'interrupted' });
    throw error;
  }
}

/** What it has made goes, and what it found is written down. A cancellation comes too late from here on: there is nothing left that it could spare anybody. */
const end = (run: DrillRun, log: DrillLog, found: Omit<Ended, 'cleanUp'>): Promise<RecordedDrill> =>
  CancellationScope.nonCancellable(async () => record(run, log, { ...found, cleanUp: await takeAway(run, log) }));

/** What it leaves says nothing of what came back: it is told here, in the report, and by `status` until the reaper was there. */
async function takeAway(run: DrillRun, log: DrillLog): Promise<DrillCleanUp> {
  run.phase('cleaningUp');
  const removed = await log.stage({ phase: 'cleanUp', component: null, check: null }, () => run.host.long.removeDrill({ service: run.input.service }));
  if (removed === null) return { outcome: 'notDone', removed: 0, leftovers: [] };
  if (removed.leftovers.length > 0) run.warn(`Could not be removed now, and is the reaper's: ${removed.leftovers.join(', ')}`);
  return { outcome: removed.leftovers.length === 0 ? 'clean' : 'leftovers', ...removed };
}

type Ended = Pick<DrillFindings, 'chosen' | 'cleanUp' | 'missing' | 'keys'> & { readonly brought: BroughtUp };

async function record(run: DrillRun, log: DrillLog, { chosen, brought, cleanUp, missing, keys }: Ended): Promise<RecordedDrill> {
  const { input: { service, requestedBy, reason, depth, backup }, repository } = run;
  const { startTime, parent } = workflowInfo();
  const recorded = await run.host.quick.recordDrill({
    service, kind: depth, chosen, ...(backup === undefined ? {} : { asked: backup }), cleanUp, servers: brought.servers, tests: brought.tests, ...(keys === undefined ? {} : { keys }), ...(Object.keys(brought.sources).length === 0 ? {} : { sources: brought.sources }), checks: log.checks, phases: log.phases, lastCheckPassedAt: log.lastPassedAt,
    requestedAt: startTime.toISOString(), finishedAt: new Date(Date.now()).toISOString(), requestedBy: requestedBy ?? null, reason: reason ?? null,
    startedBy: isScheduled() ? 'schedule' : parent === undefined ? 'person' : 'workflow',
    ...(repository === undefined ? {} : { repository }), ...(missing === undefined ? {} : { missing }),
  });
  run.step('[6/6] Report');
  for (const line of recorded.lines) run.note(line);
  run.done(`Report ${recorded.drillId}: ${recorded.location}`);
  return recorded;
}

/** As a proof's: a verdict that is not `proven` ends the run as a failure of its own type. */
function requireProven(run: DrillRun, chosen: ChosenDrill | null, { verdict, drillId, sentence, checks, times, objectives, breaches, location }: RecordedDrill): RunDrillResult {
  const { depth, service } = run.input;
  const cause = shortcoming({ verdict, sentence, breaches });
  if (verdict === 'proven' && chosen !== null && cause === null) return { verdict, drillId, depth, backupId: chosen.backup.backupId, repository: chosen.backup.repository, checks, times, objectives, report: location };
  throw workflowFailure(verdict === 'proven' && cause !== null ? 'ObjectiveMissed' : verdict === 'failed' ? 'ProofFailed' : 'CouldNotVerify', {
    operation: `drill ${depth}`, object: `${service}/${chosen?.backup.backupId ?? 'no backup'}`, cause: cause ?? sentence, hint: `What was found, and what to do next: holdfast report show ${drillId}`,
  });
}
