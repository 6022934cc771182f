/**
 * The archive of one component's append-only files in one repository: what is kept where under `<service>/aof/<component>/` (docs/backup-format.md).
 * Everything is write-once and bears its SHA-256 in its name; of a block that grows a longer one takes the place of a shorter one.
 */
import type { Readable } from 'node:stream';
import type { AofBase, AofLook } from '../domain/aof/aof-history.ts';

export interface AofKey {
  readonly service: string;
  readonly component: string;
}

/** An object, by its path below {@link AofArchive.hostDirectory}. */
export interface StoredAofFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface StoredAofBase extends StoredAofFile {
  readonly id: string;
  /** When the server began to write it, seconds since the epoch. */
  readonly createdSecond: number;
}

export interface StoredAofBlock extends StoredAofFile {
  readonly number: number;
}

export interface AofHoldings {
  readonly bases: readonly StoredAofBase[];
  /** By increment, in their order; of one number the longest. */
  readonly blocks: ReadonlyMap<string, readonly StoredAofBlock[]>;
  /** Sizes of increments that are not written any more. */
  readonly ends: ReadonlyMap<string, number>;
}

export interface AofArchive {
  /** The source is read once, and has to deliver just that. The same base again is success. @throws BrokenStream, DiskFull, RepositoryUnreachable */
  storeBase(key: AofKey, base: Omit<StoredAofBase, 'path'>, open: () => Promise<Readable>, signal: AbortSignal): Promise<void>;
  /** Stores a block as it is now; then removes shorter ones that it begins with. @throws WalConflict where one that is there is not its beginning */
  storeBlock(key: AofKey, increment: string, number: number, bytes: Uint8Array): Promise<void>;
  storeEnd(key: AofKey, increment: string, sizeBytes: number): Promise<void>;
  /** Which increments a manifest named behind a base, in that second. */
  storeChain(key: AofKey, base: string, increments: readonly string[], second: number): Promise<void>;
  /** Then removes what it replaces: the same batch as it was before. */
  storeLooks(key: AofKey, looks: readonly AofLook[], replaces?: readonly AofLook[]): Promise<void>;

  /** Has anything of it ever been archived? */
  isThere(key: AofKey): Promise<boolean>;
  /** What is there. A foreign object among it is damage, never skipped. @throws RepositoryDamaged */
  holdings(key: AofKey): Promise<AofHoldings>;
  /** Each base with the increments of the newest manifest that named it. @throws RepositoryDamaged */
  histories(key: AofKey, bases: readonly StoredAofBase[]): Promise<readonly AofBase[]>;
  /** Oldest first. @throws RepositoryDamaged */
  looks(key: AofKey): Promise<readonly AofLook[]>;
  /** From the first look on, until what the newest one covers, in seconds; null where there is none. What lies between need not be without a hole. @throws RepositoryDamaged */
  span(key: AofKey): Promise<{ readonly beginSecond: number; readonly coveredSecond: number } | null>;
  /** Removes bases and increments for good; no error where they are gone. The caller knows that nothing needs them. */
  remove(key: AofKey, bases: readonly StoredAofBase[], increments: readonly string[]): Promise<void>;
  /** Also of a block that a longer one has taken the place of since. @throws ObjectNotFound before the first byte, ArtifactDamaged instead of an end where it is not what its name says */
  open(key: AofKey, file: StoredAofFile): Promise<Readable>;
  /** Where the Docker host has it, for binding; null where objects are not files of it. */
  hostDirectory(key: AofKey): Promise<string | null>;
}
