/** A repository in a directory: a disk, a NAS. The directory itself must exist: an unmounted share must not become a new, empty repository. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rm, stat, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { allEnded } from '../../domain/all-ended.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { checkObjectPath, checkObjectPrefix, isOwnName, temporaryDirectory } from '../object-path.ts';
import type { BackupStorage, StoredObject } from '../storage.ts';
import { codeOf, fileFailure, objectNotFound } from './file-failure.ts';
import { publish, syncDirectory } from './publish.ts';
import { readFrom } from './read-from.ts';
import { removeTemporariesIn, temporaryName } from './temporaries.ts';

/** Something has to go from a directory each time before it is listed once more. */
const listedAtMost = 16;

export interface LocalStorageOptions {
  /** For file systems without hard links that do not say so; they are recognised otherwise. */
  readonly withoutLinks?: boolean;
}

export function createLocalStorage(directory: string, options: LocalStorageOptions = {}): BackupStorage {
  const root = resolve(directory);
  const absolute = (path: string): string => join(root, checkObjectPath(path));

  /** Creates a directory and its parents, each made durable in its own: also those that another writer made and may not have synced yet. */
  async function makeDirectory(path: string): Promise<string> {
    await requireRoot();
    await refuseLinks(path);
    const target = join(root, path);
    await mkdir(target, { recursive: true, mode: 0o700 });
    for (let current = target; current !== root; current = dirname(current)) await syncDirectory(dirname(current));
    return target;
  }

  /** A link below the root would lead reads, writes and removals to files that are not the repository's. */
  async function refuseLinks(path: string): Promise<void> {
    const parts = path.split('/');
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const part = parts.slice(0, depth).join('/');
      const facts = await lstat(join(root, part)).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
        throw error;
      });
      if (facts === null) return;
      if (facts.isSymbolicLink()) throw foreign(part);
    }
  }

  async function requireRoot(): Promise<void> {
    const facts = await stat(root).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw fileFailure('open the repository', root, error);
    });
    if (facts?.isDirectory() !== true) throw new HoldfastFailure('RepositoryUnreachable', { operation: 'open the repository', object: root, cause: facts === null ? 'the directory does not exist' : 'it is not a directory', hint: `Mount it, or create it once: mkdir -p "${root}".` });
  }

  const makeParents = async (path: string): Promise<void> => {
    if (path.includes('/')) await makeDirectory(path.slice(0, path.lastIndexOf('/')));
    else await requireRoot();
  };

  async function withTemporary(write: (temporary: string) => Promise<void>, path: string): Promise<void> {
    const final = absolute(path);
    const temporary = join(await makeDirectory(temporaryDirectory), temporaryName());
    try {
      await write(temporary);
      await makeParents(path);
      await publish(temporary, final, root, options.withoutLinks ?? false);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async function objectFacts(path: string): Promise<StoredObject | null> {
    await refuseLinks(checkObjectPath(path));
    const facts = await lstat(absolute(path)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
      throw error;
    });
    if (facts === null) {
      await requireRoot();
      return null;
    }
    if (facts.isDirectory()) return null;
    if (!facts.isFile()) throw foreign(path);
    return { path, sizeBytes: facts.size };
  }

  async function* walk(prefix: string): AsyncIterable<StoredObject> {
    const known = new Set<string>();
    for (let round = 1, isChanged = true; isChanged && round <= listedAtMost; round += 1) {
      isChanged = false;
      for (const entry of (await entriesOf(prefix)).filter(({ name }) => !known.has(name))) {
        known.add(entry.name);
        const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
        if (entry.isDirectory()) yield* walk(path);
        else if (entry.isFile()) {
          // Its directory was no link just now: the way to it is looked at again only where something changed meanwhile.
          const facts = await lstat(absolute(path)).catch(() => null);
          const object = facts?.isFile() === true ? { path, sizeBytes: facts.size } : await objectFacts(path);
          if (object !== null) yield object;
          // Another may have taken its place before it went: what has come since is listed too.
          isChanged ||= object === null;
        } else throw foreign(path);
      }
    }
  }

  async function entriesOf(directoryPath: string) {
    if (directoryPath !== '') await refuseLinks(directoryPath);
    const entries = await readdir(directoryPath === '' ? root : absolute(directoryPath), { withFileTypes: true }).catch(async (error: unknown) => {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      // An absent directory holds nothing, an absent repository is no answer at all.
      await requireRoot();
      return [];
    });
    return entries.filter((entry) => !isOwnName(entry.name));
  }

  const mapped = async <T>(operation: string, object: string, work: () => Promise<T>): Promise<T> => work().catch((error: unknown) => {
    throw fileFailure(operation, `${root}/${object}`, error);
  });

  async function openObject(operation: string, path: string): Promise<FileHandle> {
    if ((await objectFacts(path)) === null) throw objectNotFound(operation, path);
    return open(absolute(path), constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      throw codeOf(error) === 'ENOENT' ? objectNotFound(operation, path) : error;
    });
  }

  return {
    location: root,

    createExclusive: (path, bytes) => mapped('create an object', path, () => withTemporary(async (temporary) => {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    }, path)),

    putStream: (path, source, signal) => putStream(path, source, signal).catch((error: unknown) => {
      if (signal?.aborted === true) throw signal.reason;
      // What the source died of is not the repository's failure.
      throw error === source.errored ? error : fileFailure('store a stream', `${root}/${path}`, error);
    }).finally(() => source.destroy()),

    openRead: (path) => mapped('read an object', path, async () =>
      readFrom(await openObject('read an object', path), (error) => fileFailure('read an object', `${root}/${path}`, error))),

    digest: (path, signal, onBytes) => mapped('read an object', path, async () => {
      const file = await openObject('read an object', path);
      try {
        return await hashOf(file, signal, onBytes);
      } finally {
        await file.close();
      }
    }),

    readSmall: (path, maxBytes) => mapped('read an object', path, async () => {
      const file = await openObject('read an object', path);
      try {
        const { size } = await file.stat();
        if (size > maxBytes) throw new HoldfastFailure('RepositoryDamaged', { operation: 'read an object', object: path, cause: `it has ${size} bytes where at most ${maxBytes} make sense`, hint: 'It was not written by Holdfast.' });
        return await file.readFile();
      } finally {
        await file.close();
      }
    }),

    stat: (path) => mapped('look at an object', path, () => objectFacts(path)),

    async *list(prefix) {
      checkObjectPrefix(prefix);
      try {
        yield* walk(prefix);
      } catch (error) {
        throw fileFailure('list the repository', `${root}/${prefix}`, error);
      }
    },

    listNames: (path) => mapped('list the repository', path, async () => (await entriesOf(checkObjectPrefix(path))).map((entry) => entry.name).sort()),

    remove: (path) => mapped('remove an object', path, async () => {
      await refuseLinks(checkObjectPath(path));
      await unlink(absolute(path)).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      });
      await requireRoot();
    }),

    removeTree: (path) => mapped('remove a directory', path, async () => {
      await refuseLinks(checkObjectPath(path));
      await requireRoot();
      await rm(absolute(path), { recursive: true, force: true });
    }),

    removeTemporaries: (marks, olderThanMs) => mapped('remove what was left unfinished', temporaryDirectory, async () => {
      await requireRoot();
      await refuseLinks(temporaryDirectory);
      return removeTemporariesIn(root, join(root, temporaryDirectory), marks, olderThanMs, refuseLinks);
    }),

    freeBytes: () => mapped('measure free space', '', async () => {
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    }),

    usedBytes: (prefix) => mapped('measure used space', prefix, async () => {
      checkObjectPrefix(prefix);
      let sum = 0;
      for await (const object of walk(prefix)) sum += object.sizeBytes;
      return sum;
    }),

    attemptDirectory: (path) => mapped('create an attempt directory', path, async () => makeDirectory(checkObjectPath(path))),

    adopt: (path, signal) => mapped('adopt a file', path, async () => {
      const file = await openObject('adopt a file', path);
      try {
        // At once, for one waits for the disk and the other reads from memory what is on its way there. The file is closed when both have ended.
        const [hashed] = await allEnded([hashOf(file, signal), file.sync()]);
        await syncDirectory(dirname(absolute(path)));
        return hashed;
      } finally {
        await file.close();
      }
    }),

    hostPath: (path) => mapped('find an object', path, async () => {
      if ((await objectFacts(path)) === null) throw objectNotFound('find an object', path);
      return absolute(path);
    }),
  };

  async function putStream(path: string, source: Readable, signal?: AbortSignal): Promise<{ sizeBytes: number; sha256: string }> {
    // A source may fail before the first chunk is asked for; the loop below still gets to know.
    source.on('error', () => undefined);
    // A source that stalls is ended by the signal too, not only one that goes on delivering.
    if (signal !== undefined) addAbortSignal(signal, source);
    let stored = { sizeBytes: 0, sha256: '' };
    await withTemporary(async (temporary) => {
      stored = await writeHashed(source, temporary, signal);
    }, checkObjectPath(path));
    return stored;
  }
}

async function writeHashed(source: Readable, target: string, signal?: AbortSignal): Promise<{ sizeBytes: number; sha256: string }> {
  const file = await open(target, 'wx', 0o600);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of source) {
      signal?.throwIfAborted();
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array | string);
      hash.update(bytes);
      await file.writeFile(bytes);
      sizeBytes += bytes.byteLength;
    }
    signal?.throwIfAborted();
    await file.sync();
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

const hashChunkBytes = 1024 * 1024;

/** One buffer for the whole file: memory stays flat whatever its size. */
async function hashOf(file: FileHandle, signal?: AbortSignal, onBytes?: (doneBytes: number) => void): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(hashChunkBytes);
  for (let sizeBytes = 0; ;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, hashChunkBytes, sizeBytes);
    if (bytesRead === 0) return { sizeBytes, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
    onBytes?.(sizeBytes);
  }
}

const foreign = (path: string): HoldfastFailure =>
  new HoldfastFailure('RepositoryDamaged', { operation: 'look at an object', object: path, cause: 'it is neither a file nor a directory', hint: 'Holdfast writes no links or devices; remove it after finding out who did.' });
