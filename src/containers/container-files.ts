/** Single files into a created helper and out of a stopped one, through the engine: for repositories that are not on this host. */
import { createHash } from 'node:crypto';
import { PassThrough, Readable, Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { HoldfastFailure } from '../domain/failures.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { unlessAborted } from './wait-until.ts';

export interface StagedFile {
  /** A plain name, no path. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** 0o600 unless given; numeric owner, root unless given (databases.md D11: the archive's header decides). */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Puts a stream into a directory of a container that is not running, and asks for the size it has there. The directory must exist: the
 * mount point of a volume does. An existing file is replaced.
 * @throws ArtifactDamaged when the stream is not what it was said to be (the container then holds a part of it: remove it), BrokenStream
 */
export async function stageFile(runtime: ContainerRuntime, containerId: string, directory: string, file: StagedFile, source: Readable, signal?: AbortSignal): Promise<void> {
  const object = `${containerId.slice(0, 12)}:${directory}/${file.name}`;
  const archive = pack();
  const tar = Readable.from(archive, { objectMode: false });
  const entry = archive.entry({ name: file.name, size: file.sizeBytes, mode: file.mode ?? 0o600, uid: file.uid ?? 0, gid: file.gid ?? 0 });
  // Destroying one of the three destroys the others with the same error, which is reported below; here it must only not be unheard.
  for (const part of [archive, entry]) part.on('error', () => undefined);
  const fill = pipeline(source, new ExactContent(file, object), entry as unknown as NodeJS.WritableStream)
    .then(() => archive.finalize())
    .catch((error: unknown) => {
      tar.destroy(error as Error);
      throw error;
    });
  const both = Promise.allSettled([fill, runtime.writeArchive(containerId, directory, tar)]);
  const [filled, written] = await unlessAborted(both, signal).finally(() => {
    // A source that stalls hears of its end only when it next has something: nobody waits for it.
    source.destroy();
    archive.destroy();
  });
  // When the engine refused, filling failed because of that; when the source was wrong, writing did.
  if (written.status === 'rejected' && !(filled.status === 'rejected' && filled.reason instanceof HoldfastFailure)) throw written.reason;
  if (filled.status === 'rejected') throw filled.reason;
  const landed = await sizeInContainer(runtime, containerId, `${directory}/${file.name}`);
  if (landed !== file.sizeBytes) throw broken('write a file into a container', object, `it has ${landed} bytes there, not ${file.sizeBytes}`);
}

/** Passes bytes on and fails, before its end, unless they are exactly what the file says. */
class ExactContent extends Transform {
  readonly #file: StagedFile;
  readonly #object: string;
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;

  constructor(file: StagedFile, object: string) {
    super();
    this.#file = file;
    this.#object = object;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > this.#file.sizeBytes) return done(this.#differs(`it has more than the ${this.#file.sizeBytes} bytes it was said to have`));
    this.#hash.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    if (this.#sizeBytes !== this.#file.sizeBytes) return done(this.#differs(`it has ${this.#sizeBytes} bytes, not ${this.#file.sizeBytes}`));
    if (this.#hash.digest('hex') !== this.#file.sha256) return done(this.#differs('its SHA-256 is another than it was said to be'));
    done();
  }

  #differs(cause: string): HoldfastFailure {
    return new HoldfastFailure('ArtifactDamaged', {
      operation: 'write a file into a container', object: this.#object, cause, hint: 'The stored file is damaged; verify the backup and use another copy.',
    });
  }
}

/** Makes directories, paths below one that exists, in a container that is not running, and lets every user write into these and into that one. */
export async function makeDirectories(runtime: ContainerRuntime, containerId: string, directory: string, paths: readonly string[]): Promise<void> {
  const archive = pack();
  for (const path of ['.', ...paths]) archive.entry({ name: `${path}/`, type: 'directory', mode: 0o777, uid: 0, gid: 0 });
  archive.finalize();
  await runtime.writeArchive(containerId, directory, await buffer(Readable.from(archive, { objectMode: false })));
}

async function sizeInContainer(runtime: ContainerRuntime, containerId: string, path: string): Promise<number> {
  for await (const { sizeBytes, content } of filesIn(await runtime.readArchive(containerId, path), `${containerId.slice(0, 12)}:${path}`)) {
    content.destroy();
    return sizeBytes;
  }
  return -1;
}

/**
 * One file of a stopped container as a stream, which ends with `BrokenStream` unless it has the size that the archive says. The caller
 * compares size and SHA-256 with what was noted inside the container. @throws PathNotFound, ContainerNotFound
 */
export async function readFileFromContainer(runtime: ContainerRuntime, containerId: string, path: string): Promise<Readable> {
  const object = `${containerId.slice(0, 12)}:${path}`;
  const tar = await runtime.readArchive(containerId, path);
  const content = new PassThrough();
  // Destroying the content has to end the transfer at once, also while it stalls: it holds a lock of the container (databases.md D2).
  content.on('close', () => tar.destroy());
  // Its failure is the content's, and is raised to whoever reads that, also where it came before anybody listened.
  content.on('error', () => undefined);
  pipeline(firstFile(tar, object), content).catch(() => undefined);
  return content;
}

async function* firstFile(tar: Readable, object: string): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { content } of filesIn(tar, object)) {
    yield* content;
    return;
  }
  throw broken('read a file of a container', object, 'the archive holds no file');
}

export interface ArchivedFile {
  /** As the archive names it: the last part of the path that was asked for, then the path below it. */
  readonly name: string;
  readonly sizeBytes: number;
  /** To be read to its end, or destroyed, before the next one comes. */
  readonly content: Readable;
}

/** The regular files of an archive in its order. Ends with `BrokenStream` where the archive is cut or an entry is short (databases.md D10). */
export async function* filesIn(tar: Readable, object: string): AsyncGenerator<ArchivedFile, void, undefined> {
  const entries = extract();
  const fed = pipeline(tar, entries as unknown as NodeJS.WritableStream);
  // Raised below, where the entries end; it must not count as unhandled before.
  fed.catch(() => undefined);
  try {
    for await (const entry of entries) {
      const { name, size, type } = entry.header;
      if (type === 'file' || type === 'contiguous-file') yield { name, sizeBytes: size, content: Readable.from(whole(entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>, size, object), { objectMode: false }) };
      else entry.resume();
    }
    await fed;
  } catch (error) {
    throw error instanceof HoldfastFailure ? error : broken('read files of a container', object, `the archive is cut or damaged: ${error instanceof Error ? error.message : String(error)}`, error);
  } finally {
    tar.destroy();
  }
}

async function* whole(entry: AsyncIterable<Uint8Array>, sizeBytes: number, object: string): AsyncGenerator<Uint8Array, void, undefined> {
  let seen = 0;
  try {
    for await (const bytes of entry) {
      seen += bytes.length;
      yield bytes;
    }
  } catch (error) {
    throw broken('read a file of a container', object, `the archive is cut: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (seen !== sizeBytes) throw broken('read a file of a container', object, `the archive holds ${seen} of its ${sizeBytes} bytes`);
}

function broken(operation: string, object: string, cause: string, error?: unknown): HoldfastFailure {
  return new HoldfastFailure('BrokenStream', { operation, object, cause, hint: 'The step is tried again; if it happens each time, look at what lies between Holdfast and the engine.' }, { cause: error });
}
