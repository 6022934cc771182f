/**
 * Temporal without having one: one embedded server per state directory and one worker per configuration, started by the first command that
 * needs them, found by the next ones, and ended by the last worker when no run is open. Whatever was killed is started again by the next
 * command; the server's file keeps the runs.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Config } from '../../config/config.ts';
import type { Timing } from '../../domain/timing.ts';
import { withFileLock } from './file-lock.ts';
import { leave } from './idle-watch.ts';
import { isServerAlive, livingWorkers, readLocalState, writeLocalState, type LocalState, type ServerRecord, type WorkerRecord } from './local-state.ts';
import { identityOf } from './process-identity.ts';
import { isAnswering, startServer, stopServer } from './server-process.ts';
import { localPaths, openStateDirectory, type LocalPaths } from './state-directory.ts';
import { findTemporalProgram } from './temporal-program.ts';
import { startWorkerProcess, stopWorkerProcess } from './worker-process.ts';
import { configKey, fingerprintOf, hasFingerprint } from './worker-request.ts';

export interface LocalRequest {
  readonly config: Config;
  readonly environment: NodeJS.ProcessEnv;
  readonly currentDirectory: string;
  readonly timing: Pick<Timing, 'localStartMs' | 'localIdleMs' | 'localPollMs'>;
  /** Told what takes time. */
  say(text: string): void;
  /** `holdfast up` is the worker itself. */
  readonly foreground?: boolean;
}

export interface LocalTemporal {
  readonly address: string;
  readonly uiAddress: string;
  /** What the configuration's task queues begin with on this server. */
  readonly queuePrefix: string;
  /** The server was started on a file that may hold open runs: what they left has to be repaired first. */
  readonly recovered: boolean;
  /** A worker in somebody's foreground serves another state of this configuration. */
  readonly staleForeground: boolean;
  /** Is the calling process itself the worker (`foreground`)? */
  readonly ownWorker: boolean;
}

const lockWaitMs = 180_000;

/** Attaches to what runs, and starts what does not. Safe to call again and again. @throws TemporalUnreachable, HostUnavailable, ServiceBusy */
export async function ensureLocalTemporal(request: LocalRequest): Promise<LocalTemporal> {
  const paths = await openStateDirectory(request.environment);
  return withFileLock(paths.lock, lockWaitMs, async () => {
    const before = await readLocalState(paths.state);
    const existed = await exists(paths.database);
    const { server, started } = await ensureServer(paths, before, request);
    const key = configKey(request.config);
    const queuePrefix = prefixFor(before, key, request.config.queuePrefix);
    const state: LocalState = { ...before, server, stoppedIdle: false, queuePrefixes: { ...before.queuePrefixes, [key]: queuePrefix }, usedAtMs: Date.now(), workers: livingWorkers(before) };
    // Known before the worker starts: whatever happens to it, the next command finds the server.
    await writeLocalState(paths.state, state);
    const worker = await ensureWorker(paths, state, request, key);
    await writeLocalState(paths.state, { ...state, usedAtMs: Date.now(), workers: [...state.workers.filter((each) => each.key !== key), worker] });
    const ownWorker = worker.identity === identityOf(process.pid);
    const staleForeground = worker.foreground && !ownWorker && !hasFingerprint(worker.fingerprint, request.config, request.environment);
    return { address: server.address, uiAddress: server.uiAddress, queuePrefix, recovered: started && existed && !before.stoppedIdle, staleForeground, ownWorker };
  });
}

/** Where the embedded server is, or null where none runs. Starts nothing. `mayHoldRuns`: it was not stopped for idleness. */
export async function findLocalTemporal(environment: NodeJS.ProcessEnv): Promise<{ readonly server: ServerRecord | null; readonly mayHoldRuns: boolean }> {
  const state = await readLocalState(localPaths(environment).state);
  return { server: isServerAlive(state) ? state.server : null, mayHoldRuns: !state.stoppedIdle };
}

/** `holdfast up` ends: out of the state, and with the last worker the server stops too. Open runs stay in its file. */
export async function leaveLocalTemporal(environment: NodeJS.ProcessEnv): Promise<void> {
  const paths = localPaths(environment);
  await withFileLock(paths.lock, lockWaitMs, async () => leave(paths, await readLocalState(paths.state), identityOf(process.pid), false));
}

async function ensureServer(paths: LocalPaths, state: LocalState, request: LocalRequest): Promise<{ server: ServerRecord; started: boolean }> {
  if (state.server !== null && isServerAlive(state)) {
    if (await isAnswering(state.server)) return { server: state.server, started: false };
    // Alive and silent: two servers on one file would be worse than a restart.
    await stopServer(state.server);
  }
  const program = await findTemporalProgram(request.environment, paths.programs, request.say);
  request.say('Starting Temporal on this machine (it stops by itself when no run is open)');
  return { server: await startServer({ program, database: paths.database, log: paths.serverLog, previous: state.server, startMs: request.timing.localStartMs }), started: true };
}

async function ensureWorker(paths: LocalPaths, state: LocalState, request: LocalRequest, key: string): Promise<WorkerRecord> {
  const present = state.workers.find((worker) => worker.key === key);
  const usable = present !== undefined && (present.foreground || (request.foreground !== true && hasFingerprint(present.fingerprint, request.config, request.environment)));
  if (usable) return present;
  if (present !== undefined) {
    request.say(request.foreground === true ? 'Taking over from the worker in the background' : 'Restarting the worker: it would serve what was configured before');
    await stopWorkerProcess(present.identity);
  }
  const queuePrefix = state.queuePrefixes[key] ?? request.config.queuePrefix;
  const address = state.server?.address ?? '';
  const worker = { key, queuePrefix, fingerprint: fingerprintOf(request.config, request.environment), foreground: request.foreground === true };
  if (request.foreground === true) return { ...worker, identity: identityOf(process.pid) ?? '' };
  const identity = await startWorkerProcess({ key, configPath: request.config.path, queuePrefix, address }, request.environment, request.currentDirectory, paths.workerLog, request.timing.localStartMs);
  return { ...worker, identity };
}

/** The plain prefix for whoever comes first, so that what the documentation says works; a suffix of its own for every further configuration. */
function prefixFor(state: LocalState, key: string, wanted: string): string {
  const known = state.queuePrefixes[key];
  if (known !== undefined && (known === wanted || known.startsWith(`${wanted}-`))) return known;
  const taken = Object.entries(state.queuePrefixes).some(([other, prefix]) => other !== key && prefix === wanted);
  return taken ? `${wanted}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}` : wanted;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
