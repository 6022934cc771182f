/**
 * What a run copied out of a volume before its data was dropped there: `<service>/set-aside/<run id>/<component>/` (docs/backup-format.md). The copy exists when its
 * record does, and that is written last. Nothing retries here.
 */
import type { Readable } from 'node:stream';
import type { SetAsideCopy, SetAsideDecision } from '../domain/set-aside.ts';

export interface SetAsideKey {
  readonly service: string;
  /** The run that drops the data; another than the one that asks, where that repairs or undoes. */
  readonly runId: string;
  readonly component: string;
}

export interface SetAside {
  /** For people. */
  readonly location: string;
  /**
   * Where one attempt writes: a directory for the engine's helper, or null where objects are no files of this host; what it wrote made durable and hashed again; or a stream.
   * What no record names goes with {@link removeOthers}.
   */
  destination(attempt: string, signal: AbortSignal): Promise<{
    readonly hostDirectory: string | null;
    put(file: string, source: Readable): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
    adopt(file: string): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
    pathOf(file: string): string;
  }>;
  /** The directory that holds all of it, made where it is missing; null where objects are no files of this host. */
  directory(): Promise<string | null>;
  /** A stored file of an attempt, from its beginning. @throws ObjectNotFound */
  open(attempt: string, file: string): Promise<Readable>;
  digest(attempt: string, file: string, signal: AbortSignal): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;

  /** The copy was read back and is equal. The first record stays; answers the one that does. */
  record(copy: SetAsideCopy): Promise<SetAsideCopy>;
  /** Null where none was finished, or it was let go. @throws RepositoryDamaged */
  read(): Promise<SetAsideCopy | null>;
  removeOthers(copy: SetAsideCopy): Promise<void>;

  /** Once for all: answers what was decided first. It outlives the copy, so that no late attempt decides anew. */
  decide(wish: SetAsideDecision): Promise<SetAsideDecision>;
  /** The old data is where it was: from here on it belongs to whoever serves it, and nobody puts the copy there again. */
  markBack(): Promise<void>;
  isBack(): Promise<boolean>;
  /** Record first, files then. No error where they are gone. */
  remove(): Promise<void>;
}

/** Where the repository lies, for whoever has to tell whether it is on the data's own file system. */
export interface RepositoryPlace {
  readonly location: string;
  /** A small file of it on this host, with its SHA-256: who finds the same bytes under that path is on the same machine. Null where objects are no files of this host. */
  readonly head: { readonly hostPath: string; readonly sha256: string } | null;
  readonly freeBytes: number | null;
}
