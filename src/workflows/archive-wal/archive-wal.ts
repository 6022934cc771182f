/**
 * `archiveWal`: watches the logs of a service, and takes a base backup where the log does not lead on from one. The bytes themselves are the keeper's, in
 * the host's worker process (docs/decisions/0007): a log is received and stored whether this runs or not.
 */
import { CancellationScope, ChildWorkflowCancellationType, ParentClosePolicy, WorkflowIdReusePolicy, continueAsNew, isCancellation, setHandler, sleep, startChild, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { CancelledFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { LogWatch } from '../../activities/wal/watch-activities.ts';
import type { DueBase, WatchedLog } from '../../domain/wal/watched-log.ts';
import { timingOf } from '../shared/activity-options.ts';
import { createCompensations } from '../shared/compensations.ts';
import { commonFields, commonInput, onlyFields, optionalCounts } from '../shared/input-fields.ts';
import { statusQuery } from '../shared/messages.ts';
import { attributes, finish, resolve, validated, type Run } from '../shared/run.ts';
import { failureTypeOf, finalFailure } from '../shared/workflow-failure.ts';
import { takeBackup } from '../take-backup/take-backup.ts';
import type { ArchiveWalInput, ArchiveWalResult, ArchiveWalStatus } from './messages.ts';

/** The server's limit for a summary is 400 bytes. */
const summaryCharacters = 120;

type MutableStatus = { -readonly [K in keyof ArchiveWalStatus]: ArchiveWalStatus[K] };

/** What is known from one round to the next. */
interface Watch {
  readonly run: Run<ArchiveWalInput>;
  readonly status: MutableStatus;
  attempts: Readonly<Record<string, number>>;
  seen: string | null;
  /** Of which this run has told what is alarming: its page begins empty. */
  told: readonly WatchedLog[];
  outcome: 'ok' | 'alarm' | null;
}

/** Ends when it is cancelled, or when the configuration asks for no log any more. Goes on as a new run of the same id before its history grows large. */
export async function archiveWal(input: ArchiveWalInput): Promise<ArchiveWalResult> {
  const next = await oneRun(input);
  if (next === null) return { ended: 'notConfigured' };
  return continueAsNew<typeof archiveWal>(next);
}

/** What the next run begins with, or null where none is to follow. */
async function oneRun(input: ArchiveWalInput): Promise<ArchiveWalInput | null> {
  const status: MutableStatus = { runbook: 'archiveWal', service: '', phase: 'starting', events: [], eventsDropped: 0, plan: null, decision: null, refusals: [], waitingFor: null, logs: [] };
  setHandler(statusQuery, () => status, { description: 'The logs of the service: exposure by place, slot, spool, breaks, alarms and what to do about them' });
  let run: Run<ArchiveWalInput> | undefined;
  try {
    const valid = validated('archiveWal', input, readInput);
    status.service = valid.service;
    status.logs = valid.logs ?? [];
    run = await resolve(valid, status, createCompensations());
    if (run.service.searchAttributes) upsertSearchAttributes([{ key: attributes.service, value: valid.service }, { key: attributes.runbook, value: 'archiveWal' }]);
    run.phase('working');
    const attempts = await watch({ run, status, attempts: valid.attempts ?? {}, seen: null, told: [], outcome: null });
    if (attempts !== null) return { ...valid, attempts, logs: status.logs };
    run.note('The configuration asks for no log of this service any more. What was made for keeping it is still there (a receiver with its replication slot, or the server\'s archiving): holdfast wal forget.');
    finish(run, 'done', 'done');
    return null;
  } catch (error) {
    if (run !== undefined) finish(run, 'failed', isCancellation(error) ? 'cancelled' : failureTypeOf(error));
    throw finalFailure(error, status.service);
  }
}

/** Answers the attempts for the run that follows; null where there is nothing to watch. @throws UnknownService, and the cancellation */
async function watch(state: Watch): Promise<Watch['attempts'] | null> {
  const { walWatchRounds, walWatchMs } = timingOf(state.run.service.timing);
  for (let round = 1; round <= walWatchRounds && !workflowInfo().continueAsNewSuggested; round += 1) {
    const found = await look(state);
    // One that came with the last answer is still in time: a new run would not know of it.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
    if (found === null) {
      await sleep(walWatchMs, { summary: 'the host\'s worker could not look' });
      continue;
    }
    if (found.logs.length === 0) return null;
    tell(state, found);
    state.attempts = Object.fromEntries(Object.entries(state.attempts).filter(([workflowId]) => found.needed.includes(workflowId)));
    for (const due of found.due) await takeBase(state, due);
  }
  return state.attempts;
}

/** Null where the host could not say: nothing of that ends the watch, and the log is kept meanwhile or it is not. */
async function look({ run, status, seen, attempts }: Watch): Promise<LogWatch | null> {
  try {
    return await run.host.long.watchLogs({ service: run.input.service, seen, attempts });
  } catch (error) {
    if (isCancellation(error) || failureTypeOf(error) === 'UnknownService') throw error;
    run.warn(`How the log stands is not known: ${finalFailure(error, status.service).message}`);
    return null;
  }
}

/** Keeps the figures, and says what is new: an alarm that was not there, and one that is gone. */
function tell(state: Watch, { logs, outline }: LogWatch): void {
  const { run, status } = state;
  const before = new Map(state.told.map((log) => [log.component, log]));
  status.logs = logs;
  state.told = logs;
  state.seen = outline;
  for (const log of logs) {
    const known = before.get(log.component);
    for (const alarm of log.alarms) if (!known?.alarms.some(({ kind }) => kind === alarm.kind)) run.warn(`${log.component}: ${alarm.sentence}. ${alarm.next}`);
    const cleared = known?.alarms.filter(({ kind }) => !log.alarms.some((alarm) => alarm.kind === kind)) ?? [];
    for (const { sentence } of cleared) run.done(`${log.component}: no more: ${sentence}`);
    if (log.alarms.length === 0 && (known === undefined || cleared.length > 0)) run.done(`${log.component}: ${standing(log)}`);
  }
  const outcome = logs.every(({ alarms }) => alarms.length === 0) ? 'ok' : 'alarm';
  if (run.service.searchAttributes && outcome !== state.outcome) upsertSearchAttributes([{ key: attributes.outcome, value: outcome }]);
  state.outcome = outcome;
}

const standing = ({ status, base }: WatchedLog): string =>
  `${status?.by === 'archive' ? 'archived' : 'received'} and kept${status?.source == null ? '' : ` up to ${status.source.position}`}${base === null ? '' : `, behind base backup ${base.backupId}`}`;

/** A run of its own, which goes on whatever becomes of this one. Two never have the same cause: the id is computed from it, and one that succeeded is not repeated. */
async function takeBase(state: Watch, { component, workflowId, reason }: DueBase): Promise<void> {
  const { run, attempts } = state;
  const { service } = run.input;
  state.attempts = { ...attempts, [workflowId]: (attempts[workflowId] ?? 0) + 1 };
  try {
    await startChild(takeBackup, {
      workflowId, taskQueue: workflowInfo().taskQueue,
      args: [{ service, kind: 'base', requestedBy: 'archiveWal', reason }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      staticSummary: `base backup of ${service}: ${reason}`.slice(0, summaryCharacters),
    });
    run.step(`${component}: taking a base backup (${workflowId}): ${reason}`);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    run.warn(`${component}: ${reason}, though ${workflowId} was begun for it. If it has ended, take one by hand: holdfast backup --kind base.`);
  }
}

function readInput(raw: Record<string, unknown>): ArchiveWalInput {
  onlyFields(raw, [...commonFields, 'attempts', 'logs']);
  const attempts = optionalCounts(raw, 'attempts');
  const logs = raw['logs'];
  // Only ever shown: what nobody's look is would be gone with the first.
  return { ...commonInput(raw), ...(attempts === undefined ? {} : { attempts }), ...(Array.isArray(logs) ? { logs: logs as readonly WatchedLog[] } : {}) };
}
