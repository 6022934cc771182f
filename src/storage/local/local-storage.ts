/** A repository in a directory: a disk, a NAS. The directory itself must exist: an unmounted share must not become a new, empty repository. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, readFile, readdir, rm, statfs, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { HoldfastFailure } from '../../domain/failures.ts';
import { checkObjectPath, checkObjectPrefix, claimSuffix, temporaryDirectory } from '../object-path.ts';
import type { BackupStorage, StoredObject } from '../storage.ts';
import { codeOf, fileFailure, objectNotFound } from './file-failure.ts';
import { publish, syncDirectory } from './publish.ts';

export interface LocalStorageOptions {
  /** For file systems without hard links that do not say so; they are recognised otherwise. */
  readonly withoutLinks?: boolean;
}

export function createLocalStorage(directory: string, options: LocalStorageOptions = {}): BackupStorage {
  const root = resolve(directory);
  const absolute = (path: string): string => join(root, checkObjectPath(path));

  /** Creates missing parents, each made durable in its own parent. */
  async function makeParents(target: string): Promise<void> {
    await requireRoot();
    const first = await mkdir(target, { recursive: true, mode: 0o700 });
    for (let current = target; first !== undefined && current.length >= first.length; current = dirname(current)) await syncDirectory(dirname(current));
  }

  async function requireRoot(): Promise<void> {
    const facts = await lstat(root).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw fileFailure('open the repository', root, error);
    });
    if (facts === null) throw new HoldfastFailure('RepositoryUnreachable', { operation: 'open the repository', object: root, cause: 'the directory does not exist', hint: `Mount it, or create it once: mkdir -p "${root}".` });
  }

  async function withTemporary(write: (temporary: string) => Promise<void>, path: string): Promise<void> {
    const final = absolute(path);
    await makeParents(join(root, temporaryDirectory));
    const temporary = join(root, temporaryDirectory, randomUUID());
    try {
      await write(temporary);
      await makeParents(dirname(final));
      await publish(temporary, final, options.withoutLinks ?? false);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async function objectFacts(path: string): Promise<StoredObject | null> {
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
    for (const entry of await entriesOf(prefix)) {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) yield* walk(path);
      else if (entry.isFile()) {
        const facts = await objectFacts(path);
        if (facts !== null) yield facts;
      } else throw foreign(path);
    }
  }

  async function entriesOf(directoryPath: string) {
    await requireRoot();
    const entries = await readdir(directoryPath === '' ? root : absolute(directoryPath), { withFileTypes: true }).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
      throw error;
    });
    return entries.filter((entry) => entry.name !== temporaryDirectory && !entry.name.includes(claimSuffix));
  }

  const mapped = async <T>(operation: string, object: string, work: () => Promise<T>): Promise<T> => work().catch((error: unknown) => {
    throw fileFailure(operation, `${root}/${object}`, error);
  });

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

    putStream: (path, source, signal) => mapped('store a stream', path, async () => {
      checkObjectPath(path);
      let stored = { sizeBytes: 0, sha256: '' };
      await withTemporary(async (temporary) => {
        stored = await writeHashed(source, temporary, signal);
      }, path);
      return stored;
    }),

    openRead: (path) => mapped('read an object', path, async () => {
      if ((await objectFacts(path)) === null) throw objectNotFound('read an object', path);
      return createReadStream(absolute(path), { highWaterMark: 1024 * 1024 });
    }),

    readSmall: (path, maxBytes) => mapped('read an object', path, async () => {
      const facts = await objectFacts(path);
      if (facts === null) throw objectNotFound('read an object', path);
      if (facts.sizeBytes > maxBytes) throw new HoldfastFailure('RepositoryDamaged', { operation: 'read an object', object: path, cause: `it has ${facts.sizeBytes} bytes where at most ${maxBytes} make sense`, hint: 'It was not written by Holdfast.' });
      return readFile(absolute(path));
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
      await unlink(absolute(path)).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      });
    }),

    removeTree: (path) => mapped('remove a directory', path, () => rm(absolute(path), { recursive: true, force: true })),

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

    attemptDirectory: (path) => mapped('create an attempt directory', path, async () => {
      const target = absolute(path);
      await makeParents(target);
      return target;
    }),

    adopt: (path, signal) => mapped('adopt a file', path, async () => {
      if ((await objectFacts(path)) === null) throw objectNotFound('adopt a file', path);
      const file = await open(absolute(path), 'r');
      try {
        await file.sync();
        const hashed = await hashOf(file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 }), signal);
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
    source.destroy();
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

async function hashOf(source: Readable, signal?: AbortSignal): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).byteLength;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

const foreign = (path: string): HoldfastFailure =>
  new HoldfastFailure('RepositoryDamaged', { operation: 'look at an object', object: path, cause: 'it is neither a file nor a directory', hint: 'Holdfast writes no links or devices; remove it after finding out who did.' });
