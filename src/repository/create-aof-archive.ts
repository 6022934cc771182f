/** The archive of append-only files over a storage (docs/backup-format.md). */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { pipeline, Readable, Transform } from 'node:stream';
import { HoldfastFailure, isFailure, type FailureType } from '../domain/failures.ts';
import type { BackupStorage } from '../storage/storage.ts';
import type { AofArchive, AofHoldings, AofKey, StoredAofBlock, StoredAofFile } from './aof-archive.ts';
import { recordsIn } from './aof/records-in.ts';
import { basePath, blockPath, directoryOf, endPath, parseAofObject } from './aof/object-names.ts';

/** @param beforeWriting called before anything is stored; fails where this is not the repository it was */
export function createAofArchive(storage: BackupStorage, beforeWriting: () => Promise<unknown>): AofArchive {
  return { ...recordsIn(storage, beforeWriting), ...filesIn(storage, beforeWriting) };
}

type FileMethods = 'remove' | 'storeBase' | 'storeBlock' | 'storeEnd' | 'isThere' | 'holdings' | 'open' | 'hostDirectory';

function filesIn(storage: BackupStorage, beforeWriting: () => Promise<unknown>): Pick<AofArchive, FileMethods> {
  return {
    async storeBase(key, base, open, signal) {
      await beforeWriting();
      const path = `${directoryOf(key)}/${basePath(base)}`;
      if ((await storage.stat(path)) !== null) return;
      await storage.putStream(path, checked(await open(), base, 'BrokenStream', 'archive a base of the AOF', path), signal).catch(unlessThere);
    },

    async storeBlock(key, increment, number, bytes) {
      await beforeWriting();
      const directory = directoryOf(key);
      const path = blockPath(increment, number, bytes.byteLength, sha256Of(bytes));
      const others = (await storage.listNames(`${directory}/increments/${increment}`)).map((name) => parseAofObject(`increments/${increment}/${name}`))
        .flatMap((found) => (found?.kind === 'block' && found.block.number === number && found.block.path !== path ? [found.block] : []));
      const other = others.find((block) => block.sizeBytes >= bytes.byteLength || sha256Of(bytes.subarray(0, block.sizeBytes)) !== block.sha256);
      // A longer one that another worker of this host has just stored is as good.
      if (other !== undefined && other.sizeBytes > bytes.byteLength) return;
      if (other !== undefined) throw failure('WalConflict', 'archive a block of the AOF', path, 'the archive holds other bytes of this increment', 'Nothing was overwritten; find the other worker that follows this server.');
      await storage.createExclusive(`${directory}/${path}`, bytes).catch(unlessThere);
      for (const shorter of others) await storage.remove(`${directory}/${shorter.path}`);
    },

    async storeEnd(key, increment, sizeBytes) {
      await beforeWriting();
      await storage.createExclusive(`${directoryOf(key)}/${endPath(increment, sizeBytes)}`, new Uint8Array()).catch(unlessThere);
    },

    async remove(key, bases, increments) {
      // A base goes before what was written behind it: without that it would be a state that was never complete.
      for (const { id, path } of bases) {
        await storage.remove(`${directoryOf(key)}/${path}`);
        await storage.removeTree(`${directoryOf(key)}/chains/${id}`);
      }
      for (const increment of increments) await storage.removeTree(`${directoryOf(key)}/increments/${increment}`);
    },

    isThere: async (key) => (await storage.listNames(`${directoryOf(key)}/bases`)).length > 0,
    holdings: (key) => holdingsIn(storage, key),
    open: async (key, file) => checked(await openGrown(storage, directoryOf(key), file), file, 'ArtifactDamaged', 'read the archived AOF', file.path),

    async hostDirectory(key) {
      // The newest: the oldest may be going.
      const name = (await storage.listNames(`${directoryOf(key)}/bases`)).at(-1);
      const path = name === undefined ? null : await storage.hostPath(`${directoryOf(key)}/bases/${name}`);
      return path === null ? null : dirname(dirname(path));
    },
  };
}

async function holdingsIn(storage: BackupStorage, key: AofKey): Promise<AofHoldings> {
  const directory = directoryOf(key);
  const bases: AofHoldings['bases'][number][] = [];
  const blocks = new Map<string, Map<number, StoredAofBlock>>();
  const ends = new Map<string, number>();
  for await (const { path } of storage.list(directory)) {
    const found = parseAofObject(path.slice(directory.length + 1));
    if (found === null) throw failure('RepositoryDamaged', 'list the archived AOF', path, 'nothing of that name belongs there', 'Find out who put it there; nothing was removed.');
    if (found.kind === 'base') bases.push(found.base);
    if (found.kind === 'end') ends.set(found.increment, Math.max(ends.get(found.increment) ?? 0, found.sizeBytes));
    if (found.kind !== 'block') continue;
    const own = blocks.get(found.increment) ?? new Map<number, StoredAofBlock>();
    blocks.set(found.increment, own);
    const longest = own.get(found.block.number);
    if (longest === undefined || longest.sizeBytes < found.block.sizeBytes) own.set(found.block.number, found.block);
  }
  const sorted = [...blocks].map(([increment, own]) => [increment, [...own.values()].sort((a, b) => a.number - b.number)] as const);
  return { bases: bases.sort((a, b) => (a.id < b.id ? -1 : 1)), blocks: new Map(sorted), ends };
}

/** As many bytes as the file has, of itself or of the longer block that has taken its place since it was listed: that begins with it. @throws ObjectNotFound */
async function openGrown(storage: BackupStorage, directory: string, file: StoredAofFile): Promise<Readable> {
  try {
    return await storage.openRead(`${directory}/${file.path}`);
  } catch (error) {
    const longer = isFailure(error, 'ObjectNotFound') ? await longerThan(storage, directory, file) : null;
    if (longer === null) throw error;
    return Readable.from(beginning(await openGrown(storage, directory, longer), file.sizeBytes), { objectMode: false });
  }
}

async function longerThan(storage: BackupStorage, directory: string, { path, sizeBytes }: StoredAofFile): Promise<StoredAofBlock | null> {
  const own = parseAofObject(path);
  if (own?.kind !== 'block') return null;
  const blocks = (await storage.listNames(`${directory}/increments/${own.increment}`)).flatMap((name) => {
    const found = parseAofObject(`increments/${own.increment}/${name}`);
    return found?.kind === 'block' && found.block.number === own.block.number && found.block.sizeBytes > sizeBytes ? [found.block] : [];
  });
  return blocks.sort((a, b) => a.sizeBytes - b.sizeBytes).at(-1) ?? null;
}

async function* beginning(source: Readable, sizeBytes: number): AsyncGenerator<Buffer> {
  let left = sizeBytes;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left);
    left -= chunk.byteLength;
    if (left <= 0) return;
  }
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function unlessThere(error: unknown): void {
  if (!isFailure(error, 'AlreadyExists')) throw error;
}

/** The stream, with a failure instead of its end where it is not what it was said to be. */
function checked(source: Readable, { sizeBytes, sha256 }: Omit<StoredAofFile, 'path'>, type: 'BrokenStream' | 'ArtifactDamaged', operation: string, object: string): Readable {
  const hash = createHash('sha256');
  let readBytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      readBytes += chunk.byteLength;
      done(null, chunk);
    },
    flush(done) {
      const isIt = readBytes === sizeBytes && hash.digest('hex') === sha256;
      done(isIt ? null : failure(type, operation, object, 'its bytes are not those that its name says', type === 'BrokenStream' ? 'It is tried again.' : 'The repository\'s disk or somebody changed it: use another moment, or a backup.'));
    },
  });
  return pipeline(source, check, () => undefined);
}

const failure = (type: FailureType, operation: string, object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure(type, { operation, object, cause, hint });
