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
import { countOpenRuns, startServer, stopServer, untilAnswering } from './server-process.ts';
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
  /** Ends what is being started, and the wait for it. */
  readonly signal?: AbortSignal;
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
/** How long a server that lives may be silent before it is taken for one that hangs: runs go on in it, and a machine that restores is busy. */
const silentMs = 15_000;

/** Attaches to what runs, and starts what does not. Safe to call again and again. @throws TemporalUnreachable, HostUnavailable, ServiceBusy; the signal's reason */
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
    const worker = await ensureWorker(paths, state, request, key).catch(async (error: unknown) => {
      await endUnused(paths, server);
      throw error;
    });
    await recordWorker(paths, state, worker);
    const ownWorker = worker.identity === identityOf(process.pid);
    const staleForeground = worker.foreground && !ownWorker && !hasFingerprint(worker.fingerprint, request.config, request.environment);
    return { address: server.address, uiAddress: server.uiAddress, queuePrefix, recovered: started && existed && !before.stoppedIdle, staleForeground, ownWorker };
  }, request.signal);
}

const recordWorker = (paths: LocalPaths, state: LocalState, worker: WorkerRecord): Promise<void> =>
  writeLocalState(paths.state, { ...state, usedAtMs: Date.now(), workers: [...state.workers.filter((each) => each.key !== worker.key), worker] });

/** For a worker that could not start, and whose starter is gone: the server it was for must not stay behind alone. */
export async function leaveUnused(environment: NodeJS.ProcessEnv): Promise<void> {
  const paths = localPaths(environment);
  await withFileLock(paths.lock, lockWaitMs, async () => {
    const state = await readLocalState(paths.state);
    const others = { ...state, workers: livingWorkers(state).filter(({ identity }) => identity !== identityOf(process.pid)) };
    await writeLocalState(paths.state, others);
    if (others.server !== null && isServerAlive(others)) await endUnused(paths, others.server);
  });
}

/** A server that nobody works for ends, unless its file holds an open run: then the next command brings a worker. */
async function endUnused(paths: LocalPaths, server: ServerRecord): Promise<void> {
  const state = await readLocalState(paths.state);
  if (livingWorkers(state).length === 0 && (await countOpenRuns(server)) === 0) await leave(paths, state, null);
}

/** Where the embedded server is, or null where none runs. Starts nothing. `mayHoldRuns`: it was not stopped for idleness. */
export async function findLocalTemporal(environment: NodeJS.ProcessEnv): Promise<{ readonly server: ServerRecord | null; readonly mayHoldRuns: boolean }> {
  const state = await readLocalState(localPaths(environment).state);
  return { server: isServerAlive(state) ? state.server : null, mayHoldRuns: !state.stoppedIdle };
}

/** What the task queues of a configuration begin with on the embedded server, which may never have served it. Starts nothing. */
export async function localQueuePrefix(environment: NodeJS.ProcessEnv, config: Config): Promise<string> {
  return (await readLocalState(localPaths(environment).state)).queuePrefixes[configKey(config)] ?? config.queuePrefix;
}

/** Does `holdfast up` run for this configuration? Only then is somebody there at any hour: what was started on demand ends when it is idle. Starts nothing. */
export async function isServedInForeground(environment: NodeJS.ProcessEnv, config: Config): Promise<boolean> {
  const state = await readLocalState(localPaths(environment).state);
  return isServerAlive(state) && livingWorkers(state).some(({ key, foreground }) => foreground && key === configKey(config));
}

/** `holdfast up` ends: out of the state, and with the last worker the server stops too. Open runs stay in its file. */
export async function leaveLocalTemporal(environment: NodeJS.ProcessEnv): Promise<void> {
  const paths = localPaths(environment);
  await withFileLock(paths.lock, lockWaitMs, async () => leave(paths, await readLocalState(paths.state), identityOf(process.pid), false));
}

async function ensureServer(paths: LocalPaths, state: LocalState, request: LocalRequest): Promise<{ server: ServerRecord; started: boolean }> {
  if (state.server !== null && isServerAlive(state)) {
    const { server } = state;
    if (server.ready !== false && (await untilAnswering(server, silentMs, request.signal))) return { server, started: false };
    // A command that was killed while it started the server has left it to us.
    if (server.ready === false && (await untilAnswering(server, request.timing.localStartMs, request.signal))) return { server: { ...server, ready: true }, started: true };
    request.signal?.throwIfAborted();
    // Alive and silent: two servers on one file would be worse than a restart.
    await stopServer(state.server);
  }
  const program = await findTemporalProgram(request.environment, paths, request.say);
  request.signal?.throwIfAborted();
  request.say('Starting Temporal on this machine (it stops by itself when no run is open)');
  const server = await startServer({
    program, database: paths.database, log: paths.serverLog, previous: state.server, startMs: request.timing.localStartMs, signal: request.signal,
    record: (starting) => writeLocalState(paths.state, { ...state, server: starting }),
  });
  return { server, started: true };
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
  const identity = await startWorkerProcess({
    request: { key, configPath: request.config.path, queuePrefix, address }, environment: request.environment, currentDirectory: request.currentDirectory,
    log: paths.workerLog, startMs: request.timing.localStartMs, signal: request.signal,
    record: (starting) => recordWorker(paths, state, { ...worker, identity: starting }),
  });
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
