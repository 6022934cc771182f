/** Helpers of this engine: what all of them have in common, and what their exit codes mean as failures. */
import { type HelperRequest, type HelperResult, runHelper } from '../../../containers/helper-container.ts';
import type { MountSpec } from '../../../containers/container-runtime.ts';
import { type FailureType, HoldfastFailure } from '../../../domain/failures.ts';
import type { EngineContext } from '../../engine-context.ts';
import { exitCodes } from './helper-scripts.ts';
import type { DataMount } from '../server/server-facts.ts';

export interface RedisHelperRequest extends Pick<HelperRequest, 'imageId' | 'network' | 'script' | 'args'>, Partial<Pick<HelperRequest, 'stdin' | 'mounts' | 'memoryBytes' | 'beforeStart' | 'afterEnd'>> {
  readonly component: string;
  /** Names the helper within the run. */
  readonly step: string;
  /** What heartbeats say while it runs. */
  readonly phase: string;
}

/**
 * Runs a helper of this run and component. Which exit codes are failures is the caller's to say, by {@link requireSuccess}.
 * @throws HelperLost besides where a program in it was killed, or this host gave it no thread; AmbiguousState where a volume that it would mount is gone: the engine would make an empty one under its name
 */
export async function runRedisHelper(ctx: EngineContext, request: RedisHelperRequest): Promise<HelperResult> {
  const { component, step, phase, ...rest } = request;
  for (const { type, source } of request.mounts ?? []) {
    if (type === 'volume' && source !== '' && (await ctx.runtime.findVolume(source)) === null) throw volumeGone(phase, source);
  }
  const result = await runHelper(ctx.runtime, {
    ...rest,
    identity: { owner: ctx.owner, service: ctx.service, component, step },
    signal: ctx.signal,
    onAlive: () => ctx.progress({ phase }),
    aliveIntervalMs: ctx.timing.heartbeatIntervalMs,
  });
  if (result.exitCode !== exitCodes.lost) return result;
  throw new HoldfastFailure('HelperLost', { operation: phase, object: component, cause: lastWords(result), hint: 'The step is tried again; if it happens each time, look at what kills processes on this host, and at how many it lets run.' });
}

const volumeGone = (operation: string, volume: string): HoldfastFailure =>
  new HoldfastFailure('AmbiguousState', { operation, object: volume, cause: 'the volume does not exist any more, and its data with it', hint: 'Nothing was made or changed. Make container and volume again, then restore a backup.' });

/** Where helpers see the live data; read-only unless said otherwise. */
export const liveMount = (mount: Pick<DataMount, 'type' | 'source'>, readOnly: boolean): MountSpec => ({ type: mount.type, source: mount.source, target: '/live', readOnly });
export const liveDirectory = (subdirectory: string): string => (subdirectory === '' ? '/live' : `/live/${subdirectory}`);

/** Memory that loading a data set of this size takes, with room for an AOF rewrite's child; measured in `used_memory`. */
export const memoryToLoadBytes = (usedMemoryBytes: number): number => Math.ceil(usedMemoryBytes * 1.3) + 64 * 1024 ** 2;
/** What a helper that loads it may use at most: better it dies than the database. */
export const memoryLimitBytes = (usedMemoryBytes: number): number => Math.max(512 * 1024 ** 2, Math.ceil(usedMemoryBytes * 2) + 256 * 1024 ** 2);

const meanings: Readonly<Record<number, readonly [FailureType, string]>> = {
  [exitCodes.dataDiffers]: ['ArtifactDamaged', 'Use another backup (holdfast list), and find out what happened to the repository\'s disk.'],
  [exitCodes.damaged]: ['ArtifactDamaged', 'Use another backup (holdfast list).'],
  [exitCodes.didNotStart]: ['RestoreFailed', 'Nothing live has changed; see what Redis said.'],
  [exitCodes.unreadableVersion]: ['VersionMismatch', 'Restore into a Redis of the version that the backup was taken from, or a newer one.'],
  [exitCodes.lacksSomething]: ['VersionMismatch', 'The server needs the modules, and at least as many databases, as the one the backup was taken from.'],
  [exitCodes.notEnoughMemory]: ['NotEnoughSpace', 'Free memory on the host, or do it on a larger one.'],
  [exitCodes.notEnoughRoom]: ['NotEnoughSpace', 'Free space on the file system of the Redis data directory.'],
  [exitCodes.aofDamaged]: ['CutOverFailed', 'Look at the AOF with redis-check-aof; nothing was exchanged.'],
  [exitCodes.toolMissing]: ['CouldNotVerify', 'This says nothing about the files: use an image that has it.'],
  [exitCodes.refused]: ['AmbiguousState', 'Look at .holdfast in the data directory; nothing was touched.'],
  [exitCodes.ambiguous]: ['AmbiguousState', 'Look at .holdfast in the data directory: both the old and the new files are there; nothing was overwritten.'],
  [exitCodes.notEmpty]: ['LeftoversRemain', 'It holds data that no run owns; look at .holdfast in the data directory.'],
};

/** The words of the operating system, in every image's C locale; no exit code of a tool says it. `redis-cli --rdb` calls the first write that does not fit short. */
export const saysDiskFull = (words: string): boolean => /No space left on device|Disk quota exceeded|short write/.test(words);
const diskFull: readonly [FailureType, string] = ['DiskFull', 'Free space on the file system of the Redis data directory or of the Docker engine; nothing live has changed.'];

/** The result of a helper that ended with 0. @throws what its exit code means, HelperFailed for any other */
export function requireSuccess(result: HelperResult, operation: string, object: string): HelperResult {
  if (result.exitCode === 0) return result;
  throw helperFailure(result, operation, object);
}

export function helperFailure(result: HelperResult, operation: string, object: string): HoldfastFailure {
  const full = saysDiskFull(result.messages);
  const [type, hint] = full ? diskFull : meanings[result.exitCode] ?? ['HelperFailed', 'See the cause; the step may be tried again by hand.'];
  return new HoldfastFailure(type, { operation, object, cause: `${lastWords(result)} (exit code ${result.exitCode})`, hint });
}

/** The last line a helper said; scripts end with a sentence that holds no data. */
export const lastWords = (result: HelperResult): string => result.messages.trimEnd().split('\n').at(-1)?.trim().slice(0, 300) || 'the helper said nothing';

/** A result file that a successful helper must have left. @throws HelperFailed */
export function resultFile(result: HelperResult, name: string): string {
  const text = result.files.get(name);
  if (text !== undefined) return text;
  throw new HoldfastFailure('HelperFailed', { operation: 'read the results of a helper', object: name, cause: 'the helper did not leave it', hint: 'This is a defect of Holdfast; please report it.' });
}

/** Lines `<sha256> <bytes> <path>` as the scripts write them. */
export function parseSums(text: string): { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[] {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const parts = /^([0-9a-f]{64}) (\d+) (.+)$/.exec(line);
    if (parts === null) throw new HoldfastFailure('HelperFailed', { operation: 'read the results of a helper', object: 'sums', cause: 'a line is no sum', hint: 'This is a defect of Holdfast; please report it.' });
    return { sha256: parts[1] as string, sizeBytes: Number(parts[2]), path: parts[3] as string };
  });
}
