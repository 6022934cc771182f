/** The main job, in seven steps: backed up under load, proven, destroyed, brought back while the worker is killed; undone, and brought back again; then to just before one transaction; and rehearsed. */
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { resultOf } from '../../src/client/follow-run.ts';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { anySecond, type AnySecond } from './any-second.ts';
import { health, pauseWriter, resumeWriter, waitForHealth, writerStats } from './application-client.ts';
import { approvedRun, killInMidCutOver, type Runbook } from './approved-run.ts';
import { holdfastOrFail } from './command-line.ts';
import { compareLive } from './compare-live.ts';
import { disaster, isDisaster } from './disaster.ts';
import { drill, type Drilled } from './drill.ts';
import { say, title } from './narration.ts';
import { healthWithin, type Stage } from './stage.ts';
import { failureOf, newestResult } from './watch-run.ts';

const unhealthyMs = 30_000;
const healthyMs = 60_000;
const failedExit = 1;

export interface Played {
  readonly backup: TakeBackupResult;
  /** The first restore: the one whose worker was killed. */
  readonly restored: RestoreBackupResult;
  readonly compared: { readonly tables: number; readonly keys: number };
  readonly rewound: AnySecond;
  readonly drilled: Drilled;
}

/** @throws Error where anything is not as it is said to be; the signal's reason */
export async function play(stage: Stage): Promise<Played> {
  const { service, environment, client, signal } = stage;
  title('1. A backup under load', `the application writes all the time (${(await writerStats(service)).orders} orders so far)`);
  await holdfastOrFail(['backup', '--no-prove'], environment, signal);
  const backup = await newestResult<TakeBackupResult>(client, 'takeBackup');

  title('2. Proof', 'restored into throwaway containers and compared, count by count and hash by hash');
  await holdfastOrFail(['prove', backup.backupId], environment, signal);

  title('3. A disaster', 'somebody drops tables in production, and flushes Redis');
  const since = await disaster(service);
  const { reasons } = await waitForHealth(service, unhealthyMs, false);
  say(`/health: ${(await health(service)).status ?? 'no answer'} (${reasons[0] ?? ''})`);

  title('4. The restore', 'and in the middle of the cut-over its worker is killed with SIGKILL');
  const workflowId = await restore(stage, { args: ['restore', backup.backupId, '--since', since, '--reason', 'demo'], meanwhile: (run, until) => killInMidCutOver(stage, run, until) });
  const compared = await checkRestored(stage, backup.backupId);

  title('5. The way back', 'undo brings back what was there before the restore, then the restore comes again');
  await undo(stage);
  await pauseWriter(service);
  await restore(stage, { args: ['restore', backup.backupId] });
  await checkRestored(stage, backup.backupId);
  const rewound = await anySecond(stage);
  const drilled = await drill(stage, rewound.restored.newBase);
  return { backup, restored: await resultOf<RestoreBackupResult>(client, workflowId), compared, rewound, drilled };
}

async function restore(stage: Stage, runbook: Omit<Runbook, 'type'>): Promise<string> {
  const { workflowId, exitCode } = await approvedRun(stage, { type: 'restoreBackup', ...runbook });
  if (exitCode !== 0) throw new Error(`holdfast ${runbook.args.join(' ')} exited ${exitCode}`);
  return workflowId;
}

/** The writer has been paused since before the opening: live data and manifest are equal, or something is wrong. Then business as usual. */
async function checkRestored(stage: Stage, backupId: string): Promise<Played['compared']> {
  const compared = await compareLive(stage, backupId);
  say(`Read again with the writer stopped: ${compared.tables} tables and ${compared.keys} keys, each count and hash equal to the manifest`);
  await resumeWriter(stage.service);
  const { status } = await waitForHealth(stage.service, healthyMs);
  say(`/health: ${status}; the application writes again`);
  return compared;
}

/** What comes back is the disaster, so the run does not end well: everything is exchanged, and the application stays unhealthy. */
async function undo(stage: Stage): Promise<void> {
  say(`That was the disaster: the application stays red, and after ${healthWithin} the run says so and exits 1`);
  const { workflowId, exitCode } = await approvedRun(stage, { type: 'undoRestore', args: ['undo', 'latest'] });
  const failure = await failureOf(stage.client, workflowId);
  if (failure?.type !== 'HealthCheckFailed' || exitCode !== failedExit) throw new Error(`the undo was to end in HealthCheckFailed, and ended in ${failure?.type ?? 'success'} (exit ${exitCode})`);
  if (!(await isDisaster(createDockerRuntime(stage.service.dockerHost), stage.service))) throw new Error('the undo did not bring back what was there before the restore');
  say('As expected: the tables are gone and Redis is empty, as before the restore');
}
