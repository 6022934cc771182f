/**
 * The trash of a service in one repository (docs/backup-format.md). Nothing is copied: a backup is what its manifest says, so one is in the trash when its manifest
 * lies there, and its files stay where they are until it goes for good. Every step can be done again, and whoever is stopped between two of them has left a backup that
 * is wholly listed or wholly not. Nothing retries here.
 */
import type { LastPlan } from '../domain/retention/facts.ts';
import type { Asked, Done, RemovalRecord, TrashEnd } from '../domain/retention/records.ts';
import type { Segment } from '../domain/wal/segment.ts';
import type { ReadManifest } from '../domain/backup-manifest.ts';

export interface TrashedManifest extends ReadManifest {
  /** Number of the newest sound backup when it was removed. */
  readonly trashedUpTo: number;
  /** Could it be relied on then? */
  readonly sound: boolean;
  readonly by: Done;
  /** Somebody wanted it gone: no age keeps it any more. Absent of what retention removed. */
  readonly asked?: Asked;
}

/** One that is in the trash; its record never changes. */
export interface TrashEntry {
  readonly backupId: string;
  /** Where its record lies: another stay has another. */
  readonly record: string;
  /** Null where it has gone for good since it was listed. @throws RepositoryDamaged, ManifestDamaged, UnsupportedFormat: what cannot be read may be what others stand on */
  read(): Promise<TrashedManifest | null>;
}

export interface Trashing {
  readonly upTo: number;
  readonly sound: boolean;
  readonly by: Done;
  readonly asked?: Asked;
}

/** Which log. */
export interface LogName {
  readonly service: string;
  readonly component: string;
  readonly systemIdentifier: string;
}

export interface MarkedSegment extends Segment {
  readonly trashedUpTo: number;
}

export interface Trash {
  /** Its manifest goes last. Success where it is there already. @throws UnknownBackup, ManifestDamaged, UnsupportedFormat, RepositoryDamaged */
  move(service: string, backupId: string, trashing: Trashing): Promise<void>;
  /** Its manifest comes back, where it was not decided before that it goes for good: answers which. @throws UnknownBackup where it is not there */
  bringBack(service: string, backupId: string, by: Done): Promise<TrashEnd>;
  /** Its record first, then its files; not where it was decided before that it comes back: answers which. @throws UnknownBackup where it is not there */
  removeForGood(service: string, backupId: string, by: Done): Promise<TrashEnd>;
  /** Ends what somebody began and did not end. Before anything is planned. */
  settle(service: string, by: Done): Promise<void>;
  /** By id. @throws RepositoryDamaged */
  list(service: string): Promise<readonly TrashEntry[]>;
  /** Is, or was, anything of that id here? Then its files are no unfinished backup's. */
  knows(service: string, backupId: string): Promise<boolean>;
  /** All that left the list, in the trash, on its way out or gone: what a later manifest may name as the one before it. @throws as {@link TrashEntry.read} */
  departed(service: string): Promise<readonly Pick<RemovalRecord, 'backupId' | 'sequence' | 'sha256'>[]>;
  /** All that ever went for good. Those that are known are not read again: no record ever changes. @throws RepositoryDamaged */
  removed(service: string, known?: ReadonlyMap<string, RemovalRecord>): Promise<readonly RemovalRecord[]>;

  /** Segments in the trash stay readable until they go: only what is planned knows of it. The newest mark of a segment counts. @throws RepositoryDamaged */
  markedSegments(log: LogName): Promise<readonly MarkedSegment[]>;
  markSegments(log: LogName, segments: readonly Segment[], upTo: number): Promise<void>;
  /** They are in the trash no more, for they are needed, or gone. */
  unmarkSegments(log: LogName, segments: readonly Segment[]): Promise<void>;

  /** Null where none was ever carried out. @throws RepositoryDamaged */
  lastPlan(service: string): Promise<LastPlan | null>;
  recordPlan(service: string, plan: LastPlan, by: Done): Promise<void>;
}
