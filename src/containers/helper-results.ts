/** What a helper left behind: its small result files, taken only when they are all there and each is what the helper itself noted. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { filesIn } from './container-files.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { Tail } from './demultiplexer.ts';
import { helperDirectory, helperOutDirectory, messagesFile, sealFile } from './helper-prelude.ts';

const fileLimitBytes = 4 * 1024 * 1024;
const allLimitBytes = 64 * 1024 * 1024;
/** Of a helper that died, at most this much of its messages is read to find their end. */
const messagesLimitBytes = 8 * 1024 * 1024;
const messagesTailBytes = 64 * 1024;
/** Some MiB from an engine that answers: one that stands still in the midst of them would hold up the step for as long as it may take at all. */
const resultsWithinMs = 300_000;

export interface SealedResults {
  /** The exit code that the script sealed. */
  readonly exitCode: number;
  /** Processes that the kernel ended for lack of memory (cgroup v1 memory.oom_control, v2 memory.events): the engine's own flag is sometimes late. */
  readonly memoryKills: number;
  /** How often it reached the memory that it is allowed; null where the kernel does not tell that (cgroup v1). A process that was ended though it never did had to go for the host's memory. */
  readonly memoryLimitReached: number | null;
  readonly files: ReadonlyMap<string, string>;
  readonly messages: string;
}

/**
 * The sealed results of a helper that has ended, or null where it ended before sealing them.
 * @throws BrokenStream when an archive is cut, stands still or differs from the seal, HelperFailed when a result is too large, and the signal's reason
 */
export async function readResults(runtime: ContainerRuntime, containerId: string, signal?: AbortSignal, withinMs: number = resultsWithinMs): Promise<SealedResults | null> {
  const object = `${containerId.slice(0, 12)}:${helperOutDirectory}`;
  const files = await readOut(runtime, containerId, object, signal, withinMs);
  const seal = files.get(sealFile)?.toString('utf8');
  if (seal === undefined) return null;
  const { exitCode, memoryKills, memoryLimitReached, sums } = parseSeal(seal, object);
  files.delete(sealFile);
  const [listed, present] = [[...sums.keys()].sort(), [...files.keys()].sort()];
  if (listed.join('\n') !== present.join('\n')) throw differs(object, `sealed were ${listed.length} files, found ${present.length}`);
  for (const [name, bytes] of files) {
    const line = `${createHash('sha256').update(bytes).digest('hex')} ${bytes.length}`;
    if (line !== sums.get(name)) throw differs(object, `${name} differs from the sum that was sealed`);
  }
  const messages = files.get(messagesFile)?.toString('utf8') ?? '';
  files.delete(messagesFile);
  return { exitCode, memoryKills, memoryLimitReached, messages, files: new Map([...files].map(([name, bytes]) => [name, bytes.toString('utf8')])) };
}

async function readOut(runtime: ContainerRuntime, containerId: string, object: string, signal: AbortSignal | undefined, withinMs: number): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let sizeBytes = 0;
  try {
    for await (const file of filesIn(endedBy(await runtime.readArchive(containerId, helperOutDirectory), signal, withinMs, object), object)) {
      sizeBytes += file.sizeBytes;
      if (file.sizeBytes > fileLimitBytes || sizeBytes > allLimitBytes) throw tooLarge(object, file.name, file.sizeBytes);
      const chunks: Uint8Array[] = [];
      for await (const bytes of file.content) chunks.push(bytes as Uint8Array);
      files.set(file.name.replace(/^out\//, ''), Buffer.concat(chunks));
    }
  } catch (error) {
    if (!isFailure(error, 'PathNotFound')) throw error;
  }
  return files;
}

/** The same stream, which ends with an error when the signal says so or it takes too long: whoever reads it is told. */
function endedBy(stream: Readable, signal: AbortSignal | undefined, withinMs: number, object: string): Readable {
  const late = setTimeout(() => stream.destroy(differs(object, `the engine did not deliver them within ${withinMs} ms`)), withinMs);
  const abort = (): void => void stream.destroy(signal?.reason instanceof Error ? signal.reason : new Error(String(signal?.reason)));
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  stream.once('close', () => {
    clearTimeout(late);
    signal?.removeEventListener('abort', abort);
  });
  return stream;
}

/** The end of what a helper wrote before it died, for the failure's text; empty where even that cannot be had. */
export async function lastMessages(runtime: ContainerRuntime, containerId: string, signal?: AbortSignal): Promise<string> {
  const tail = new Tail(messagesTailBytes);
  try {
    const tar = endedBy(await runtime.readArchive(containerId, `${helperDirectory}/messages`), signal, resultsWithinMs, containerId.slice(0, 12));
    for await (const { content } of filesIn(tar, containerId.slice(0, 12))) {
      let seen = 0;
      for await (const bytes of content) {
        tail.push(bytes as Uint8Array);
        seen += (bytes as Uint8Array).length;
        if (seen > messagesLimitBytes) break;
      }
      break;
    }
  } catch (error) {
    // The helper's death is being reported already; that its last words are lost with it must not hide that.
    if (!(error instanceof HoldfastFailure)) throw error;
  }
  return tail.toString();
}

function parseSeal(text: string, object: string): Pick<SealedResults, 'exitCode' | 'memoryKills' | 'memoryLimitReached'> & { readonly sums: ReadonlyMap<string, string> } {
  const lines = text.split('\n');
  const end = /^end (\d+) (\d+) (\d+) (\d+|-)$/.exec(lines.at(-2) ?? '');
  const sums = new Map<string, string>();
  for (const line of lines.slice(0, -2)) {
    const parts = /^([0-9a-f]{64} \d+) ([^/]+)$/.exec(line);
    if (parts === null) throw differs(object, 'the seal is not readable');
    sums.set(parts[2] as string, parts[1] as string);
  }
  if (end === null || lines.at(-1) !== '' || Number(end[2]) !== sums.size) throw differs(object, 'the seal is not complete');
  return { exitCode: Number(end[1]), memoryKills: Number(end[3]), memoryLimitReached: end[4] === '-' ? null : Number(end[4]), sums };
}

function differs(object: string, cause: string): HoldfastFailure {
  return new HoldfastFailure('BrokenStream', { operation: 'read the results of a helper', object, cause, hint: 'The step is tried again.' });
}

function tooLarge(object: string, name: string, sizeBytes: number): HoldfastFailure {
  return new HoldfastFailure('HelperFailed', {
    operation: 'read the results of a helper', object, cause: `${name} has ${sizeBytes} bytes, more than results may have`, hint: 'This is a defect of Holdfast; please report it.',
  });
}
