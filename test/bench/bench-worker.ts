/** A worker in a process of its own, so that its memory is its own, and the runs of the bench. */
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { DemoService } from '../../devbox/demo/demo-service.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import type { Config } from '../../src/config/config.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import { workflowQueue } from '../../src/domain/task-queues.ts';
import { workflowSource } from '../../src/worker/create-worker.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { timed } from './measure.ts';
import { partsText, type TimedCall } from './parts.ts';
import { watchTools } from './watch-tools.ts';

export interface BenchWorker {
  backUp(hashes: boolean): Promise<{ sizeBytes: number }>;
  restore(): Promise<void>;
  accept(): Promise<void>;
  /** History events of one more backup, as it is by default and with its proof. */
  provenBackupHistory(): Promise<number>;
  /** One more backup with hashes, with the time of each of its parts. */
  backUpParts(): Promise<string>;
  /** Activities of the last restore: seconds since the start, name, seconds. */
  restoreParts(): string;
  /** Since it was ready and idle, before its first run. */
  memory(): { idleMb: number; peakMb: number; growthMb: number };
  stop(): Promise<void>;
}

const services = { hashed: 'hashed', counted: 'counted' } as const;

export async function startBenchWorker(service: DemoService, address: string, directory: string): Promise<BenchWorker> {
  const config = configOf(service, directory);
  const codePath = await writeBundle(directory);
  const child = fork(join(import.meta.dirname, 'worker-process.ts'), [JSON.stringify(config), address, codePath], { env: { ...process.env, DOCKER_HOST: service.dockerHost }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the bench's worker exited ${code}`)));
  });
  const calls: TimedCall[] = [];
  child.on('message', (message) => void (typeof message === 'object' && calls.push(message as TimedCall)));
  const client = await connectClient({ address });
  const idleMb = await settle(child);
  let runs = 0;
  let latest = '';
  let restoreParts = '';
  const run = async <R>(type: string, input: object): Promise<{ handle: WorkflowHandle; result: R }> => {
    runs += 1;
    const handle = await client.workflow.start(type, { taskQueue: workflowQueue(config.queuePrefix), workflowId: `bench-${runs}`, args: [input] });
    return { handle, result: await handle.result() as R };
  };
  const backUp = async (hashes: boolean): Promise<{ sizeBytes: number }> => {
    const { result } = await run<TakeBackupResult>('takeBackup', { service: hashes ? services.hashed : services.counted, prove: false });
    if (hashes) latest = result.backupId;
    return { sizeBytes: result.sizeBytes };
  };
  return {
    backUp,
    provenBackupHistory: async () => {
      const { handle } = await run<TakeBackupResult>('takeBackup', { service: services.hashed, prove: true });
      return (await handle.describe()).historyLength;
    },
    backUpParts: async () => {
      calls.splice(0);
      const tools = watchTools();
      const seconds = await timed(() => backUp(true));
      return partsText(calls, tools.stop(), seconds);
    },
    restore: async () => {
      const { handle } = await run('restoreBackup', { service: services.hashed, backup: latest });
      restoreParts = await partsOf(handle);
    },
    accept: async () => void (await run('acceptRestore', { service: services.hashed, run: 'latest' })),
    restoreParts: () => restoreParts,
    memory: () => {
      const peakMb = residentMb(child, 'VmHWM');
      return { idleMb, peakMb, growthMb: peakMb - idleMb };
    },
    stop: async () => {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await ended;
      await client.connection.close();
    },
  };
}

async function writeBundle(directory: string): Promise<string> {
  const { workflowBundle } = await workflowSource();
  if (workflowBundle === undefined) throw new Error('there is no workflow bundle');
  if ('codePath' in workflowBundle) return workflowBundle.codePath;
  const codePath = join(directory, 'workflow-bundle.js');
  writeFileSync(codePath, workflowBundle.code);
  return codePath;
}

const settleMs = 5_000;

/** A worker that has started and has nothing to do: its memory, MB. What starting took at its height is forgotten, so that the peak is that of the runs (proc_pid_clear_refs(5)). */
async function settle(child: ChildProcess): Promise<number> {
  await pause(settleMs);
  writeFileSync(`/proc/${child.pid}/clear_refs`, '5');
  return residentMb(child, 'VmRSS');
}

/** Every activity that took a quarter of a second or more, in the order they were scheduled: when, what, how long. */
async function partsOf(handle: WorkflowHandle): Promise<string> {
  const { events } = await handle.fetchHistory();
  const at = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number => Number(time?.seconds ?? 0) + (time?.nanos ?? 0) / 1e9;
  const began = at(events?.[0]?.eventTime);
  const scheduled = new Map((events ?? []).flatMap((event) => (event.activityTaskScheduledEventAttributes == null ? [] : [[String(event.eventId), event] as const])));
  const parts = (events ?? []).flatMap((event) => {
    const start = scheduled.get(String(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? ''));
    if (start === undefined) return [];
    const seconds = at(event.eventTime) - at(start.eventTime);
    return seconds < 0.25 ? [] : [`${(at(start.eventTime) - began).toFixed(2)} ${start.activityTaskScheduledEventAttributes?.activityType?.name ?? ''} ${seconds.toFixed(2)}`];
  });
  return parts.join('; ');
}

/** Linux's own account of a process, MB. */
function residentMb(child: ChildProcess, field: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync(`/proc/${child.pid}/status`, 'utf8').split('\n').find((each) => each.startsWith(`${field}:`));
  return Number(line?.replace(/\D+/g, '') ?? Number.NaN) / 1024;
}

function configOf(service: DemoService, directory: string): Config {
  const definition = (name: string, contentHashes: boolean): ServiceDefinition => ({
    name, host: 'bench', version: null, contentHashes, proveAfterBackup: false, skewLimitMs: 60_000, repositories: ['local'], application: null, health: null,
    approval: { required: [], fourEyes: false, approvers: [], expiresAfterMs: 600_000 },
    components: [
      { engine: 'postgres', name: 'postgres', container: service.postgres.container, database: service.postgres.database, user: service.postgres.user },
      { engine: 'redis', name: 'redis', container: service.redis.container },
    ],
  });
  return { services: [definition(services.hashed, true), definition(services.counted, false)], repositories: [{ name: 'local', path: directory }], host: 'bench', queuePrefix: 'bench', path: null, notices: [] };
}
