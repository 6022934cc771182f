/**
 * The contract with a place that keeps backups. Every implementation passes test/suites/storage-suite.ts.
 *
 * Paths are relative, `/`-separated, made of checked names: no empty part, no `.`, no `..`, no NUL, no backslash.
 * Objects are write-once: nothing is ever overwritten or renamed. Nothing here retries: Temporal does.
 * Failures: `RepositoryUnreachable` (may be tried again), `DiskFull`, `AlreadyExists`, `ObjectNotFound`, `RepositoryDamaged`.
 */
import type { Readable } from 'node:stream';

export interface StoredObject {
  readonly path: string;
  readonly sizeBytes: number;
}

export interface BackupStorage {
  /** For people: `/srv/backups`, `s3://bucket/prefix`. Holds no secret. */
  readonly location: string;

  /**
   * Creates a small object whole, durably and exclusively: of any number of callers one wins and the others get `AlreadyExists`.
   * When it returns, the object survives a power cut. A crash leaves either nothing visible or the whole object.
   */
  createExclusive(path: string, bytes: Uint8Array): Promise<void>;

  /**
   * Stores a stream as a new object; answers size and SHA-256 of what was stored. The object becomes visible only when complete and durable.
   * @throws AlreadyExists; on any error of the source nothing is left visible.
   */
  putStream(path: string, source: Readable, signal?: AbortSignal): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;

  /** Reads an object from its beginning. The caller checks size and hash. @throws ObjectNotFound (before the first byte) */
  openRead(path: string): Promise<Readable>;
  /** Reads an object through, in constant memory: size and SHA-256 of what is stored. `onBytes` is told how far it is. @throws ObjectNotFound */
  digest(path: string, signal?: AbortSignal, onBytes?: (doneBytes: number) => void): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** A small object whole. @throws ObjectNotFound, RepositoryDamaged when larger than maxBytes */
  readSmall(path: string, maxBytes: number): Promise<Uint8Array>;
  stat(path: string): Promise<StoredObject | null>;
  /**
   * Every object below a prefix (a directory path or ''), in no particular order. Never answers "none" for "could not list". Of an object that is removed meanwhile, after another beside it
   * took its place, one of the two is listed.
   */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Names directly below a directory: sub-directories and objects. */
  listNames(directory: string): Promise<readonly string[]>;
  /** Removes one object; no error where it is gone. */
  remove(path: string): Promise<void>;
  /** Removes what lies below a directory, objects first; no error where it is gone. Callers pass only directories of uncommitted attempts, and of backups whose removal is decided for good. */
  removeTree(directory: string): Promise<void>;

  /**
   * Removes what writers that were killed left unfinished: all that was written for these marks (writer-mark.ts), and all that is older than that by the
   * place's own clock. Answers how many. Touches nothing visible; no error where nothing is left. The caller knows that no writer of these marks is alive;
   * one that is fails and leaves nothing visible. @throws InvalidInput for what is no mark
   */
  removeTemporaries(marks: readonly string[], olderThanMs: number): Promise<number>;

  /** Bytes that can still be written, or null where the place has no such notion. */
  freeBytes(): Promise<number | null>;
  /** Space used by everything below the prefix, bytes. */
  usedBytes(prefix: string): Promise<number>;

  /**
   * For a repository on a file system: the absolute host path of an (existing, created) attempt directory, into which a helper may write
   * directly; then {@link adopt} makes what it wrote durable. Null where objects are not files of this host.
   */
  attemptDirectory(path: string): Promise<string | null>;
  /** Syncs a file written into an attempt directory and its directories, re-reads it and answers size and SHA-256. */
  adopt(path: string, signal?: AbortSignal): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** The absolute host path of a stored object for read-only binding into a helper, or null. */
  hostPath(path: string): Promise<string | null>;
}
