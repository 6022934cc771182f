/** A worker in a process of its own, so that its memory is its own and it can be killed; and runs that it carries out. */
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { connectClient } from '../../src/client/temporal-connection.ts';
import type { Config } from '../../src/config/config.ts';
import { workflowQueue } from '../../src/domain/task-queues.ts';
import { workflowSource } from '../../src/worker/create-worker.ts';
import type { TimedCall } from './dumps/parts.ts';

export interface BenchWorker {
  readonly client: Client;
  /** What its activities did, in the order in which it ended. */
  readonly calls: TimedCall[];
  start(type: string, input: object): Promise<WorkflowHandle>;
  run<R>(type: string, input: object): Promise<{ readonly handle: WorkflowHandle; readonly result: R }>;
  /** Since it was ready and idle, before its first run. */
  memory(): WorkerMemory;
  stop(): Promise<void>;
  /** Without a word, as when its machine is gone; nothing where it has ended. */
  kill(): Promise<void>;
}

export interface WorkerMemory { readonly idleMb: number; readonly peakMb: number; readonly growthMb: number }

export interface WorkerOptions {
  readonly config: Config;
  readonly address: string;
  readonly dockerHost: string;
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startBenchWorker({ config, address, dockerHost, directory, environment }: WorkerOptions): Promise<BenchWorker> {
  const codePath = await writeBundle(directory);
  const child = fork(join(import.meta.dirname, 'worker-process.ts'), [JSON.stringify(config), address, codePath], { env: { ...process.env, ...environment, DOCKER_HOST: dockerHost }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the bench's worker exited ${code}`)));
  });
  const calls: TimedCall[] = [];
  child.on('message', (message) => void (typeof message === 'object' && calls.push(message as TimedCall)));
  const client = await connectClient({ address });
  const idleMb = await settle(child);
  let runs = 0;
  const start = (type: string, input: object): Promise<WorkflowHandle> => {
    runs += 1;
    return client.workflow.start(type, { taskQueue: workflowQueue(config.queuePrefix), workflowId: `bench-${process.pid}-${runs}`, args: [input] });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await ended;
    }
    await client.connection.close().catch(() => undefined);
  };
  return {
    client, calls, start,
    run: async <R>(type: string, input: object) => {
      const handle = await start(type, input);
      return { handle, result: await handle.result() as R };
    },
    memory: () => {
      const peakMb = residentMb(child, 'VmHWM');
      return { idleMb, peakMb, growthMb: peakMb - idleMb };
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
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
export async function partsOf(handle: WorkflowHandle): Promise<string> {
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
