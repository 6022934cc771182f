/** The worker process of the embedded server: started detached by a command, ends by itself when no run is open. */
import '../bound-young-memory.ts';
import { appendFileSync } from 'node:fs';
import { connectClient } from '../../client/temporal-connection.ts';
import type { Config } from '../../config/config.ts';
import { configFromEnvironment } from '../../config/environment-config.ts';
import { loadConfig } from '../../config/load-config.ts';
import { isFailure } from '../../domain/failures.ts';
import { workflowQueue } from '../../domain/task-queues.ts';
import { productionTiming, testTiming } from '../../domain/timing.ts';
import { untilIdle } from './idle-watch.ts';
import { leaveUnused } from './local-supervisor.ts';
import { localNamespace } from './server-process.ts';
import { localPaths } from './state-directory.ts';
import type { WorkerReport } from './worker-process.ts';
import type { WorkerRequest } from './worker-request.ts';
import { runWorker } from '../main.ts';

const request = JSON.parse(process.argv[2] ?? '{}') as WorkerRequest;
const temporal = { address: request.address, namespace: localNamespace };
const end = new AbortController();
let working = false;
// Before the pollers run there is nothing to end gracefully, and nobody who would.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => (working ? end.abort() : process.exit(1)));
await untilKnown();
// Whoever started us may be gone before we are ready; we stay.
process.on('disconnect', () => undefined);

try {
  const config = await configuration();
  await runWorker({ config, temporal, environment: process.env, signal: end.signal, keepsLogs: false, onReady: () => void onceReady() });
} catch (error) {
  const orphaned = !process.connected;
  report({ ready: false, type: isFailure(error) ? error.type : 'Internal', fields: isFailure(error) ? error.fields : { operation: 'run a worker', object: 'this machine', cause: error instanceof Error ? error.message : String(error), hint: 'See the worker\'s log.' } });
  appendFileSync(2, `${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  // Who started us would end the server that nobody works for; where nobody waits for us any more, we do.
  if (orphaned) await leaveUnused(process.env).catch(() => undefined);
  process.exitCode = 1;
}
// A pool or a socket that somebody left open must not keep an ended worker alive.
process.exit();

/** Who starts us writes our name down, then says so. Without that nobody could ever find us: we end. */
async function untilKnown(): Promise<void> {
  const told = Promise.withResolvers<void>();
  const alone = (): void => process.exit(1);
  process.once('message', () => told.resolve()).once('disconnect', alone);
  if (!process.connected) alone();
  await told.promise;
  process.off('disconnect', alone);
}

async function configuration(): Promise<Config> {
  const config = request.configPath === null ? configFromEnvironment(process.env, process.cwd()) : await loadConfig({ path: request.configPath, environment: process.env, currentDirectory: process.cwd() });
  return { ...config, queuePrefix: request.queuePrefix };
}

async function onceReady(): Promise<void> {
  working = true;
  report({ ready: true });
  const timing = process.env['HOLDFAST_TIMING'] === 'test' ? testTiming : productionTiming;
  const client = await connectClient(temporal);
  await untilIdle(client, localPaths(process.env), workflowQueue(request.queuePrefix), timing, end.signal);
  end.abort();
}

function report(message: WorkerReport): void {
  if (process.connected) process.send?.(message, () => process.disconnect?.());
}
