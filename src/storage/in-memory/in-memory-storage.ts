/** A repository in memory: a double for tests that passes the same suite as the real ones. Nothing survives the process. */
import { createHash } from 'node:crypto';
import { addAbortSignal, Readable } from 'node:stream';
import { HoldfastFailure, type FailureType } from '../../domain/failures.ts';
import { checkObjectPath, checkObjectPrefix } from '../object-path.ts';
import type { BackupStorage, StoredObject } from '../storage.ts';
import { checkMark } from '../writer-mark.ts';

/** @param objects what is stored, by path; given by tests that look at or damage the bytes themselves */
export function createInMemoryStorage(objects: Map<string, Uint8Array> = new Map()): BackupStorage {
  const below = (prefix: string): StoredObject[] => [...objects]
    .filter(([path]) => prefix === '' || path.startsWith(`${prefix}/`))
    .map(([path, bytes]) => ({ path, sizeBytes: bytes.byteLength }));

  function create(path: string, bytes: Uint8Array): void {
    if (objects.has(path)) throw failure('AlreadyExists', 'create an object', path, 'there is an object of that name', 'Stored objects are never overwritten.');
    objects.set(path, Uint8Array.from(bytes));
  }

  function bytesOf(path: string): Uint8Array {
    const bytes = objects.get(checkObjectPath(path));
    if (bytes !== undefined) return bytes;
    throw failure('ObjectNotFound', 'read an object', path, 'there is no such object', 'Use another backup (holdfast list).');
  }

  return {
    location: 'memory',
    createExclusive: async (path, bytes) => create(checkObjectPath(path), bytes),
    async putStream(path, source, signal) {
      try {
        const bytes = await collect(checkObjectPath(path), source, signal);
        create(path, bytes);
        return { sizeBytes: bytes.byteLength, sha256: sha256Of(bytes) };
      } finally {
        source.destroy();
      }
    },
    openRead: async (path) => Readable.from([Buffer.from(bytesOf(path))], { objectMode: false }),
    async digest(path, signal, onBytes) {
      const bytes = bytesOf(path);
      signal?.throwIfAborted();
      onBytes?.(bytes.byteLength);
      return { sizeBytes: bytes.byteLength, sha256: sha256Of(bytes) };
    },
    async readSmall(path, maxBytes) {
      const bytes = bytesOf(path);
      if (bytes.byteLength > maxBytes) throw failure('RepositoryDamaged', 'read an object', path, `it has ${bytes.byteLength} bytes where at most ${maxBytes} make sense`, 'It was not written by Holdfast.');
      return Uint8Array.from(bytes);
    },
    async stat(path) {
      const bytes = objects.get(checkObjectPath(path));
      return bytes === undefined ? null : { path, sizeBytes: bytes.byteLength };
    },
    async *list(prefix) {
      yield* below(checkObjectPrefix(prefix));
    },
    async listNames(directory) {
      const skipped = checkObjectPrefix(directory) === '' ? 0 : directory.length + 1;
      return [...new Set(below(directory).map(({ path }) => path.slice(skipped).split('/')[0] as string))].sort();
    },
    remove: async (path) => void objects.delete(checkObjectPath(path)),
    async removeTree(directory) {
      for (const { path } of below(checkObjectPath(directory))) objects.delete(path);
    },
    // What is not complete is not here.
    removeTemporaries: async (marks) => (marks.forEach(checkMark), 0),
    freeBytes: async () => null,
    usedBytes: async (prefix) => below(checkObjectPrefix(prefix)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    attemptDirectory: async (path) => (checkObjectPath(path), null),
    adopt: async (path) => {
      throw failure('InvalidInput', 'adopt a file', checkObjectPath(path), 'objects in memory are not files of this host', 'Store it as a stream.');
    },
    hostPath: async (path) => (bytesOf(path), null),
  };
}

async function collect(path: string, source: Readable, signal?: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  if (signal !== undefined) addAbortSignal(signal, source);
  try {
    for await (const chunk of source) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array | string));
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    throw failure('BrokenStream', 'store a stream', path, 'the source ended before its end', 'It is tried again; nothing unfinished is kept.');
  }
  signal?.throwIfAborted();
  return Buffer.concat(chunks);
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const failure = (type: FailureType, operation: string, object: string, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure(type, { operation, object, cause, hint });
