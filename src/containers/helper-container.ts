/**
 * Helper containers: where everything that forks, pipes or runs long is done (databases.md D1, D5). Short-lived, from the database's own
 * image, `Init`, labelled, limited, without a log driver. This file's functions are the only way to run one.
 */
import { awayFailure } from './away-storage.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { ContainerRuntime, MountSpec } from './container-runtime.ts';
import { killedExitCodes } from './ended-by-others.ts';
import { helperDirectory, helperExitCodes, helperPrelude, stdinBytesVariable } from './helper-prelude.ts';
import { lastMessages, readResults } from './helper-results.ts';
import { scratchName } from './labels.ts';
import type { ScratchIdentity } from './labels.ts';
import { createScratchContainer } from './scratch.ts';
import { imageVolumeMounts } from './scratch-server.ts';
import { unlessAborted } from './wait-until.ts';

export interface HelperRequest {
  readonly identity: ScratchIdentity;
  readonly imageId: string;
  /** `container:<id of the database's container>`, or `none`. */
  readonly network: string;
  /**
   * The checked-in sh script (its text, at most 100 KiB), run by `sh` as root after {@link helperPrelude}, whose functions it uses; `set -eu` holds.
   * Results go to small files in /holdfast/out, everything else to /holdfast (a volume of the helper's own) or a mount.
   */
  readonly script: string;
  /** `$1`, `$2` …: visible in `docker inspect`, so never a secret. */
  readonly args: readonly string[];
  /** The script's standard input, complete when the script begins: the way in for secrets and SQL. At most some MiB: it is kept in memory there. */
  readonly stdin?: string;
  readonly mounts?: readonly MountSpec[];
  /** Visible in `docker inspect`, so never a secret. */
  readonly environment?: Readonly<Record<string, string>>;
  /** 1 GiB unless given. */
  readonly memoryBytes?: number;
  readonly shmSizeBytes?: number;
  /** Capabilities besides {@link helperCapabilities}. */
  readonly capabilities?: readonly string[];
  readonly signal: AbortSignal;
  /** Called every heartbeat interval while the helper exists. */
  onAlive?(): void;
  readonly aliveIntervalMs: number;
  /** Between creation and start: for putting files into /holdfast (container-files.ts). */
  beforeStart?(containerId: string): Promise<void>;
  /** After an end with exit code 0, before removal: for taking files out of /holdfast. */
  afterEnd?(containerId: string, result: HelperResult): Promise<void>;
}

export interface HelperResult {
  readonly exitCode: number;
  /** Small files that the script left in /holdfast/out, by name (each at most 4 MiB, 64 MiB in all), complete and equal to the sums that the helper noted. */
  readonly files: ReadonlyMap<string, string>;
  /** The last 64 KiB of what the script and its tools wrote to standard output and error. */
  readonly messages: string;
}

/** Root in the helper may read and write files of any owner, give them away, become another user and end its processes; nothing more. */
export const helperCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID'] as const;

const defaultMemoryBytes = 1024 ** 3;
const pidsLimit = 512;
/** One argument of a program may have 128 KiB on Linux (MAX_ARG_STRLEN). */
const scriptLimitBytes = 100 * 1024;

/**
 * Runs one helper to its end and removes it, with its volume. A container of the same name left by an earlier attempt of the same run and
 * step is removed first; one of another run or step is `NameTaken`. Aborting the signal removes the container that this call created, by id
 * and as it runs, and throws the signal's reason. A killed or vanished helper is `HelperLost`, also where the host ran out of memory; one that ran out of the memory it
 * is allowed, or could not keep its results, is `HelperFailed`; any other non-zero exit code is returned, for the caller knows what it means.
 */
export async function runHelper(runtime: ContainerRuntime, request: HelperRequest): Promise<HelperResult> {
  const { signal } = request;
  signal.throwIfAborted();
  const { id } = await createScratchContainer(runtime, 'helper', request.identity, await helperSpec(runtime, request), signal);
  const life = watch(request);
  let result: HelperResult;
  try {
    await unlessAborted(request.beforeStart?.(id) ?? Promise.resolve(), life.signal);
    await runtime.start(id, request.stdin);
    result = await outcome(runtime, request, id, life.signal);
    if (result.exitCode === 0) await unlessAborted(request.afterEnd?.(id, result) ?? Promise.resolve(), life.signal);
  } catch (error) {
    const failure = await lostIfGone(runtime, request, id, error);
    // The leftover of a removal that fails here is found by its labels; the reason why the helper failed matters more.
    await runtime.remove(id).catch(() => undefined);
    // What failed because the helper was killed is an abort, not a failure.
    life.signal.throwIfAborted();
    throw failure;
  } finally {
    life.end();
  }
  await runtime.remove(id);
  return result;
}

async function helperSpec(runtime: ContainerRuntime, request: HelperRequest): Promise<Parameters<typeof createScratchContainer>[3]> {
  const script = `${helperPrelude}\n${request.script}`;
  if (Buffer.byteLength(script) > scriptLimitBytes) throw new RangeError(`a helper's script of more than ${scriptLimitBytes} bytes`);
  const mounts: readonly MountSpec[] = [{ type: 'volume', source: '', target: helperDirectory }, ...(request.mounts ?? [])];
  return {
    imageId: request.imageId,
    entrypoint: ['/bin/sh'],
    command: ['-c', script, `holdfast-${request.identity.step}`, ...request.args],
    environment: { ...request.environment, [stdinBytesVariable]: request.stdin === undefined ? '' : String(Buffer.byteLength(request.stdin)) },
    user: '0:0',
    workingDirectory: '/',
    mounts: [...mounts, ...await imageVolumeMounts(runtime, request.imageId, mounts)],
    network: request.network,
    init: true,
    openStdin: request.stdin !== undefined,
    memoryBytes: request.memoryBytes ?? defaultMemoryBytes,
    ...(request.shmSizeBytes === undefined ? {} : { shmSizeBytes: request.shmSizeBytes }),
    pidsLimit,
    capabilities: [...helperCapabilities, ...(request.capabilities ?? [])],
    logDriver: 'none',
  };
}

/** Reports life while the helper exists; the signal aborts when the caller gives up, or when reporting fails. */
function watch(request: HelperRequest): { readonly signal: AbortSignal; end(): void } {
  const broken = new AbortController();
  const signal = AbortSignal.any([request.signal, broken.signal]);
  const timer = setInterval(() => {
    try {
      request.onAlive?.();
    } catch (error) {
      broken.abort(error);
    }
  }, request.aliveIntervalMs);
  return { signal, end: () => clearInterval(timer) };
}

/** Waits for the end and tells a script's own exit code from a death. */
async function outcome(runtime: ContainerRuntime, request: HelperRequest, id: string, signal: AbortSignal): Promise<HelperResult> {
  const ended = await runtime.wait(id, signal);
  const results = await readResults(runtime, id, signal);
  const messages = results?.messages ?? (await lastMessages(runtime, id, signal));
  const { memoryKills = 0, memoryLimitReached = null } = results ?? {};
  if (memoryKills > 0 && memoryLimitReached === 0) throw lost(request, 'this host ran out of memory, and the kernel ended a process of it');
  // The engine's own flag knows no more than that something was ended.
  if (ended.oomKilled || memoryKills > 0) throw failed(request, 'it ran out of the memory it is allowed', 'Give helpers more memory, or fewer parallel jobs.');
  if (results === null && killedExitCodes.has(ended.exitCode)) throw lost(request, 'it was killed');
  if (ended.exitCode === helperExitCodes.stdinCut) throw lost(request, 'its standard input was cut');
  if (ended.exitCode === helperExitCodes.away) throw awayFailure(`run helper "${request.identity.step}"`, scratchName(request.identity), messages.trimEnd().split('\n').at(-1)?.trim().slice(0, 300) ?? '');
  if (results === null) throw failed(request, `it ended with ${ended.exitCode} without keeping its results${lastLine(messages)}`, 'Check the free space of the Docker engine\'s data directory.');
  if (results.exitCode !== ended.exitCode) throw lost(request, `it ended with ${ended.exitCode} after sealing ${results.exitCode}`);
  return { exitCode: ended.exitCode, files: results.files, messages };
}

/** Whatever fails on a container that somebody has removed meanwhile fails because of that: a later attempt of this step, above all. */
async function lostIfGone(runtime: ContainerRuntime, request: HelperRequest, id: string, error: unknown): Promise<unknown> {
  if (isFailure(error, 'HelperLost')) return error;
  const found = await runtime.find(id).catch(() => undefined);
  return found === null || found?.state === 'removing' ? lost(request, 'it was removed by somebody else', error) : error;
}

function lastLine(messages: string): string {
  const line = messages.trimEnd().split('\n').at(-1)?.trim().slice(0, 200) ?? '';
  return line === '' ? '' : `; its last words: ${line}`;
}

const lost = (request: HelperRequest, cause: string, error?: unknown): HoldfastFailure =>
  new HoldfastFailure('HelperLost', { operation: `run helper "${request.identity.step}"`, object: scratchName(request.identity), cause, hint: 'The step is tried again; if it happens each time, look at what removes or kills containers on this host.' }, { cause: error });

const failed = (request: HelperRequest, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('HelperFailed', { operation: `run helper "${request.identity.step}"`, object: scratchName(request.identity), cause, hint });
