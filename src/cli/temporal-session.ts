/** A way to Temporal for one command: the configured server, or the embedded one of this machine with a worker beside it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { connectClient, isTemporalConfigured } from '../client/temporal-connection.ts';
import { followRun } from '../client/follow-run.ts';
import { startRun } from '../client/start-run.ts';
import { pollersOf } from '../client/task-queue-pollers.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { polledQueues, workflowQueue } from '../domain/task-queues.ts';
import { localQueuePrefix } from '../worker/local/local-supervisor.ts';
import { localPaths } from '../worker/local/state-directory.ts';
import type { CommandContext } from './command-context.ts';
import { interruptible } from './interruptible.ts';
import type { ApprovalAddress } from './rendering/plan-text.ts';

export interface TemporalSession {
  readonly client: Client;
  readonly config: Config;
  readonly taskQueue: string;
  /** The embedded server's address and UI; null for a configured server. */
  readonly local: { readonly address: string; readonly uiAddress: string } | null;
  readonly where: ApprovalAddress;
  /** Tells the person, and brings the embedded server and worker back. */
  onAbsence(who: 'server' | 'worker', sinceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Absences shorter than this are nobody's business. */
const patienceMs = 3_000;
const pollMs = 250;
const repairMs = 60_000;

/**
 * `starts`: a run is going to be started, so both workers have to listen, or it would wait for ever. Who only looks, cancels or says no
 * needs none. @throws TemporalUnreachable, HostUnavailable when no worker listens
 */
export async function openSession(context: CommandContext, purpose: 'looks' | 'starts' = 'looks'): Promise<TemporalSession> {
  const config = await context.config();
  return context.options.local !== true && isTemporalConfigured() ? openConfigured(context, config, purpose) : openLocal(context, config);
}

async function openConfigured(context: CommandContext, config: Config, purpose: 'looks' | 'starts'): Promise<TemporalSession> {
  const client = await connectClient().catch((error: unknown) => {
    throw isFailure(error) ? new HoldfastFailure(error.type, { ...error.fields, hint: 'Check TEMPORAL_ADDRESS and the server. To go on alone on this machine: the same command with --local.' }, { cause: error }) : error;
  });
  const taskQueue = workflowQueue(config.queuePrefix);
  try {
    if (purpose === 'starts') await requireWorkers(client, config);
  } catch (error) {
    await client.connection.close();
    throw error;
  }
  let told = false;
  return {
    client, config, taskQueue, local: null, where: { address: null, namespace: client.options.namespace },
    onAbsence: async (who, sinceMs) => {
      if (told || sinceMs < patienceMs) return;
      told = true;
      context.output.progress(`${who === 'server' ? 'Temporal does not answer' : 'No worker answers'} at the moment; the run goes on as soon as it does.`, 'warning');
    },
    close: () => client.connection.close(),
  };
}

/** @throws HostUnavailable */
async function requireWorkers(client: Client, config: Config): Promise<void> {
  for (const [queue, type] of polledQueues(config.host, config.queuePrefix)) {
    if (await isPolled(client, queue, type)) continue;
    throw new HoldfastFailure('HostUnavailable', { operation: 'find a worker', object: queue, cause: 'nobody polls this task queue', hint: `Start one beside the Docker engine of host ${config.host}: holdfast worker. To go on alone on this machine: the same command with --local.` });
  }
}

/** A worker that has just been started asks for work a moment later. */
async function isPolled(client: Client, queue: string, type: 'workflow' | 'activity'): Promise<boolean> {
  for (const deadline = Date.now() + patienceMs; ; await pause(pollMs)) {
    if ((await pollersOf(client, queue, type)).length > 0) return true;
    if (Date.now() >= deadline) return false;
  }
}

async function openLocal(context: CommandContext, config: Config): Promise<TemporalSession> {
  const { ensureLocalTemporal } = await import('../worker/local/local-supervisor.ts');
  const say = (text: string): void => context.output.progress(text);
  const request = { config, environment: context.environment, currentDirectory: context.currentDirectory, timing: context.timing, say };
  const local = await interruptible((signal) => ensureLocalTemporal({ ...request, signal }));
  forgetConfiguredServer(context.environment);
  const client = await connectClient({ address: local.address, namespace: 'default' });
  if (local.staleForeground) context.output.notice('holdfast up runs with an earlier state of this configuration; restart it to use this one.');
  const session: TemporalSession = {
    client, config: { ...config, queuePrefix: local.queuePrefix }, taskQueue: workflowQueue(local.queuePrefix), local,
    where: { address: local.address, namespace: 'default' },
    onAbsence: async (_who, sinceMs) => {
      if (sinceMs < patienceMs) return;
      const { address } = await ensureLocalTemporal(request);
      if (address !== local.address) throw new HoldfastFailure('TemporalUnreachable', { operation: 'follow the run', object: local.address, cause: 'the embedded server had to be started under another address', hint: 'Follow the run again: holdfast watch.' });
    },
    close: () => client.connection.close(),
  };
  if (local.recovered) await repairFirst(context, session);
  return session;
}

/** To the embedded server as it runs, with no worker made for it: for whoever only looks, and must not change what runs here. @throws TemporalUnreachable */
export async function attachToLocal(context: CommandContext, server: { readonly address: string; readonly uiAddress: string }): Promise<TemporalSession> {
  const config = await context.config();
  const queuePrefix = await localQueuePrefix(context.environment, config);
  forgetConfiguredServer(context.environment);
  const { address, uiAddress } = server;
  const client = await connectClient({ address, namespace: 'default' });
  return { client, config: { ...config, queuePrefix }, taskQueue: workflowQueue(queuePrefix), local: { address, uiAddress }, where: { address, namespace: 'default' }, onAbsence: () => Promise.resolve(), close: () => client.connection.close() };
}

/** The TLS settings or key of a configured server must not be used for the embedded one. Our own process's environment only. */
export function forgetConfiguredServer(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) delete process.env[name];
  process.env['TEMPORAL_CONFIG_FILE'] = localPaths(environment).noConfiguration;
}

/** The server was not stopped in peace: what its runs left is repaired before anything else, as far as that goes in a minute. */
export async function repairFirst(context: CommandContext, session: TemporalSession): Promise<void> {
  context.output.progress('The embedded server had ended unexpectedly: looking for what its runs left');
  const signal = AbortSignal.timeout(repairMs);
  await Promise.all(session.config.services.map(async ({ name }) => {
    const { workflowId } = await startRun(session.client, session.taskQueue, 'reap', { service: name, reason: 'the embedded server was started again' });
    await followRun(session.client, workflowId, { timing: context.timing, signal, onView: () => 'stay' }).catch((error: unknown) => {
      // It goes on, or says itself what is wrong; the command that was asked for will meet the same cause with its own words.
      context.output.notice(`Repairing what earlier runs of ${name} left has not finished: ${isFailure(error) ? error.message : 'it takes longer than a minute'}`);
    });
  }));
}
