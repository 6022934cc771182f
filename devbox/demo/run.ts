/** `npm run demo`: a small real service under load, backed up, proven, destroyed, brought back while its worker is killed; undone, and brought back again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { durationText, sizeText } from '../../src/domain/wording.ts';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { startTemporal } from '../temporal.ts';
import { step } from '../steps.ts';
import { health, waitForHealth, writerStats } from './application-client.ts';
import { childEnvironment } from './child-environment.ts';
import { holdfast, holdfastOrFail } from './command-line.ts';
import { disaster } from './disaster.ts';
import type { DemoEnvironment } from './demo-environment.ts';
import { demoConfig, startDemoService, stopDemoService, type DemoService } from './demo-service.ts';
import { startDemoWorker, type DemoWorker } from './demo-worker.ts';
import { approveByDemo, newestOpenRun, resultOf, waitForStatus } from './watch-run.ts';

const place = { prefix: 'holdfast-demo', label: 'dev.holdfast.demo' } as const;
const firstPort = 8009;

interface Stage {
  readonly service: DemoService;
  readonly client: Client;
  readonly configPath: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly interactive: boolean;
  worker: DemoWorker;
}

export async function runDemo(environment: DemoEnvironment): Promise<number> {
  const { values } = parseArgs({ args: [...environment.args], options: { size: { type: 'string', default: '200' }, keep: { type: 'boolean', default: false } } });
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  await mkdir(join(directory, 'backups'));
  const temporal = await step('Temporal', async () => {
    const value = await startTemporal({ cli: environment.temporalCli, dbFile: join(directory, 'temporal.sqlite') });
    return { value, outcome: `its own server, UI ${value.uiAddress ?? 'none'}` };
  });
  const began = performance.now();
  try {
    const service = await step('service', async () => {
      const value = await startDemoService({ dockerHost: environment.dockerHost, ...place, sizeMb: Number(values.size), port: firstPort, signal: environment.signal });
      return { value, outcome: `${place.prefix}: PostgreSQL 17 (about ${values.size} MB), Redis 8, application on ${value.healthUrl}` };
    });
    const stage = await setStage(service, temporal.address, directory, environment);
    try {
      await play(stage, began, temporal.uiAddress);
    } finally {
      await stage.worker.stop();
      await stage.client.connection.close();
    }
    return 0;
  } finally {
    await temporal.stop();
    if (!values.keep) {
      await stopDemoService({ dockerHost: environment.dockerHost, ...place });
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

async function setStage(service: DemoService, temporalAddress: string, directory: string, { dockerHost, signal }: DemoEnvironment): Promise<Stage> {
  const configPath = join(directory, 'holdfast.yaml');
  writeFileSync(configPath, demoConfig(service, { backupDirectory: join(directory, 'backups'), prove: false }));
  const environment = childEnvironment(process.env, { dockerHost, temporalAddress, configPath, directory });
  const client = await connectClient({ address: temporalAddress });
  const worker = await step('worker', async () => {
    const value = await startDemoWorker(configPath, environment);
    return { value, outcome: `process ${value.pid}` };
  });
  return { service, client, configPath, environment, signal, interactive: process.stdin.isTTY && process.stdout.isTTY, worker };
}

async function play(stage: Stage, began: number, uiAddress: string | undefined): Promise<void> {
  const { service, environment, client } = stage;
  say('1. A backup under load', `the application writes all the time (${(await writerStats(service)).orders} orders so far)`);
  await holdfastOrFail(['backup', '--no-prove'], environment);
  const backup = await lastResult<TakeBackupResult>(client, 'takeBackup');

  say('2. Proof', 'restored into throwaway containers and compared, count by count and hash by hash');
  await holdfastOrFail(['prove', backup.backupId], environment);

  say('3. A disaster', 'somebody drops tables in production, and flushes Redis');
  const since = await disaster(service);
  const { reasons } = await waitForHealth(service, 30_000, false);
  process.stdout.write(`   /health: ${(await health(service)).status ?? 'no answer'} (${reasons[0] ?? ''})\n`);

  say('4. The restore', 'and in the middle of the cut-over its worker is killed with SIGKILL');
  await approvedRun(stage, ['restore', backup.backupId, '--since', since, '--reason', 'demo'], 'restoreBackup', true);
  const restored = await lastResult<RestoreBackupResult>(client, 'restoreBackup');
  await waitForHealth(service, 60_000);

  say('5. The way back', 'undo brings the data from before the restore back; then the restore again');
  await approvedRun(stage, ['undo', 'latest'], 'undoRestore', false, [0, 1]);
  await approvedRun(stage, ['restore', backup.backupId], 'restoreBackup', false);
  await waitForHealth(service, 60_000);
  report(stage, backup, restored, performance.now() - began, uiAddress);
}

/** A run that asks: on a terminal the person types; without one the demo's own policy approves, and says so. */
async function approvedRun(stage: Stage, args: readonly string[], runbook: string, killWorker: boolean, accepted: readonly number[] = [0]): Promise<void> {
  const { client, signal, environment } = stage;
  const typed = holdfast(args, environment);
  const workflowId = await newestOpenRun(client, runbook, signal);
  const killer = killWorker ? killInMidCutOver(stage, workflowId) : Promise.resolve();
  let code = await typed;
  if (code === 5) {
    process.stdout.write('   no terminal: the demo\'s own policy approves\n');
    await approveByDemo(client, workflowId, stage.service, signal);
    code = await holdfast(['watch', workflowId], environment);
  }
  await killer;
  if (!accepted.includes(code)) throw new Error(`holdfast ${args.join(' ')} exited ${code}`);
}

async function killInMidCutOver(stage: Stage, workflowId: string): Promise<void> {
  const closed = await waitForStatus(stage.client, workflowId, ({ events }) => events.some((event) => event.text.startsWith('PostgreSQL closed')), stage.signal);
  if (closed === null) return;
  const victim = stage.worker.pid;
  await stage.worker.kill();
  process.stdout.write(`\n   >>> SIGKILL to the worker (process ${victim}) in mid cut-over; `);
  stage.worker = await startDemoWorker(stage.configPath, stage.environment);
  process.stdout.write(`process ${stage.worker.pid} takes over\n`);
}

async function lastResult<R>(client: Client, runbook: string): Promise<R> {
  for await (const run of client.workflow.list({ query: `WorkflowType = '${runbook}'`, pageSize: 1 })) return resultOf<R>(client, run.workflowId);
  throw new Error(`no run of ${runbook} is known`);
}

function report(stage: Stage, backup: TakeBackupResult, restored: RestoreBackupResult, tookMs: number, uiAddress: string | undefined): void {
  const { report: measured } = restored;
  if (measured === null) throw new Error('the restore reported nothing');
  const phases = measured.phases.map(({ phase, durationMs }) => `${phase} ${durationText(durationMs)}`).join(', ');
  const lines = [
    `Backup        ${backup.backupId}, ${sizeText(backup.sizeBytes)}, both stores within ${backup.skewMs} ms`,
    `Restore       ${phases}`,
    `RTO           ${durationText(measured.rtoMs)} from the disaster, ${durationText(measured.rtoFromApprovalMs)} from the approval (a worker was killed in between)`,
    `RPO           ${durationText(measured.rpoMs)}; ${measured.setAsideTransactions ?? 'an unknown number of'} later transactions set aside, still in the rollback copy`,
    `Equality      counts and hashes equal to the manifest, compared closed, before the opening`,
    `Temporal UI   ${uiAddress ?? 'none'} (while the demo runs; --keep keeps the containers and files)`,
    `The demo      ${durationText(tookMs)}`,
    'Next          npx holdfast init, in a directory of your own',
  ];
  say('Report', stage.service.healthUrl);
  process.stdout.write(`${lines.map((line) => `   ${line}`).join('\n')}\n`);
}

function say(title: string, text: string): void {
  process.stdout.write(`\n=== ${title}: ${text}\n`);
}
