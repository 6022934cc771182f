/** A run that asks: on a terminal the person answers; without one the demo's own policy does, and says so. */
import { pauseWriter } from './application-client.ts';
import { holdfast } from './command-line.ts';
import type { Stage } from './stage.ts';
import { approveByDemo, newRun, runsOf, waitForStatus } from './watch-run.ts';

const waitingExit = 5;
/** A terminal that is there but never answers (closed, or fed from nothing) must not be asked for ever. */
const askedAtMost = 20;

export interface ApprovedRun {
  readonly workflowId: string;
  readonly exitCode: number;
}

export interface Runbook {
  readonly type: 'restoreBackup' | 'restoreToPointInTime' | 'undoRestore';
  readonly args: readonly string[];
  /** Happens while the run is under way, beside the command that follows it. */
  meanwhile?(workflowId: string, signal: AbortSignal): Promise<void>;
}

/** Answers when the run has ended. What fails beside it ends the command too, and is thrown once both have ended. */
export async function approvedRun(stage: Stage, { type, args, meanwhile }: Runbook): Promise<ApprovedRun> {
  const { client } = stage;
  const before = await runsOf(client, type);
  const stop = new AbortController();
  const signal = AbortSignal.any([stage.signal, stop.signal]);
  const command = new AbortController();
  const typed = holdfast(args, stage.environment, signal).finally(() => command.abort());
  const found = newRun(client, type, before, command.signal, signal);
  const works = [
    (async () => follow(stage, await found, await typed, signal))(),
    (async () => {
      const workflowId = await found;
      if (workflowId !== null) await meanwhile?.(workflowId, signal);
    })(),
    typed,
  ] as const;
  for (const work of works) work.catch((error: unknown) => stop.abort(error));
  const [followed] = await Promise.allSettled(works);
  stage.signal.throwIfAborted();
  if (stop.signal.aborted) throw stop.signal.reason;
  if (followed.status === 'rejected') throw followed.reason;
  return followed.value;
}

async function follow(stage: Stage, workflowId: string | null, typedExit: number, signal: AbortSignal): Promise<ApprovedRun> {
  if (workflowId === null) throw new Error(`the command exited ${typedExit} and started no run`);
  let exitCode = typedExit;
  for (let asked = 1; exitCode === waitingExit; asked += 1) {
    if (asked > askedAtMost) throw new Error('nobody answered: the plan was left waiting too often');
    if (stage.interactive) process.stdout.write('\n   Left waiting, as you wished. The demo goes on once it is approved: by typing, in the UI or by one of the commands above.\n');
    else {
      process.stdout.write('   no terminal: the demo\'s own policy approves\n');
      await approveByDemo(stage.client, workflowId, stage.service, signal);
    }
    exitCode = await holdfast(['watch', workflowId], stage.environment, signal);
  }
  return { workflowId, exitCode };
}

/**
 * SIGKILL to the worker once PostgreSQL is closed, and another in its place. Nobody may say that it happened in mid cut-over where it did
 * not, so the repository is asked while no worker lives: begun, and not yet at the point of no return. The shop's writer is paused while
 * everything is closed: what is compared later is what was restored, not what was written since.
 */
export async function killInMidCutOver(stage: Stage, workflowId: string, signal: AbortSignal): Promise<void> {
  const closed = await waitForStatus(stage.client, workflowId, ({ events }) => events.some(({ text }) => text.startsWith('PostgreSQL closed')), signal);
  if (closed === null) throw new Error('the restore ended before its worker could be killed');
  const { pid } = stage.worker;
  await stage.worker.kill();
  const rollback = (await stage.repository.listRollbacks(stage.definition.name)).find(({ record }) => record.workflowId === workflowId);
  if (rollback?.state !== 'recorded') throw new Error(`the worker was not killed in mid cut-over: the cut-over was ${rollback?.state ?? 'not begun'}`);
  process.stdout.write(`\n   >>> SIGKILL to the worker (process ${pid}) in mid cut-over: nothing is open yet\n`);
  await pauseWriter(stage.service);
  const next = await stage.replaceWorker();
  process.stdout.write(`   >>> another takes over (process ${next.pid})\n`);
}
