/** What a plan is made of: read by somebody else, of one service in one repository. Pure. */
import type { AofBase, AofLook } from '../aof/aof-history.ts';
import type { BackupManifest, ChainLink, ComponentBackup } from '../backup-manifest.ts';
import type { Hold } from '../hold.ts';
import type { Mark } from '../point.ts';
import type { SettledVerdict } from '../proof.ts';
import type { WalHoldings } from '../wal/coverage.ts';
import { parseLsn } from '../wal/lsn.ts';
import type { Segment } from '../wal/segment.ts';

/** The part of the log that a base backup takes to be consistent. */
export interface BasePart {
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly begin: bigint;
  readonly end: bigint;
}

/** What a backup has of one component. */
export interface BackupPart {
  readonly component: string;
  readonly kind: 'dump' | 'rdb' | 'base' | 'incremental';
  /** What an incremental one stands on, the full one first; else empty. */
  readonly chain: readonly ChainLink[];
  /** Null where it is no base backup, full or incremental. */
  readonly base: BasePart | null;
}

/** A backup whose manifest can be believed. Its time is the one that its id claims. */
export interface BackupFacts {
  readonly backupId: string;
  readonly sequence: number;
  /** Of its manifest. */
  readonly sha256: string;
  /** From its begin to its end, by one clock. */
  readonly tookMs: number;
  readonly parts: readonly BackupPart[];
  /** Of its newest proof that gave an answer; null where none did yet. */
  readonly verdict: SettledVerdict | null;
  /** It was made elsewhere, long before its number says. Absent of any other. */
  readonly imported?: true;
}

/** Damaged: nobody knows what it stands on. One of a newer format is none of these; it may stand on anything, and whoever reads the facts refuses (`UnsupportedFormat`). */
export interface UnreadableBackup {
  readonly backupId: string;
  /** As it was claimed; null where nobody knows. */
  readonly sequence: number | null;
  /** Without a full stop. */
  readonly cause: string;
}

/** In the trash: its files are there still, and it is in no list. */
export interface TrashedBackup extends BackupFacts {
  /** {@link RetentionPlan.upTo} of the plan that removed it: how long ago that is, is told by what was backed up since. */
  readonly trashedUpTo: number;
  /** Somebody wanted it gone before its time. */
  readonly asked?: true;
}

/** Gone for good. What is known of it tells time, as it did when it was there. */
export interface RemovedBackup {
  readonly backupId: string;
  readonly sequence: number;
  /** {@link BackupDecision.sound} when it was removed. */
  readonly sound: boolean;
  readonly parts: readonly BackupPart[];
}

export interface BackupUse {
  readonly backupId: string;
  /** Who, and what for, to be read behind "it": `is read by holdfast/restore/shop/…`. */
  readonly by: string;
}

export interface TrashedSegment extends Segment {
  readonly trashedUpTo: number;
}

/** The archived log of one cluster of a component. */
export interface LogFacts {
  readonly component: string;
  readonly systemIdentifier: string;
  readonly holdings: WalHoldings;
  /** Texts of history files, by timeline. */
  readonly histories: ReadonlyMap<number, string>;
  readonly trashed: readonly TrashedSegment[];
}

/** The archived append-only files of a component. */
export interface AofFacts {
  readonly component: string;
  readonly bases: readonly AofBase[];
  readonly looks: readonly AofLook[];
  /** Ids of the increments that are there. */
  readonly increments: readonly string[];
}

/** Of a plan that was carried out: its newest sound backup, and what it took back from the trash. */
export interface LastPlan {
  readonly upTo: number;
  readonly newest: string;
  /** Until then it stood for nothing. */
  readonly takenBack: readonly string[];
}

export interface RetentionFacts {
  readonly nowMs: number;
  readonly backups: readonly BackupFacts[];
  readonly unreadable: readonly UnreadableBackup[];
  readonly trash: readonly TrashedBackup[];
  readonly removed: readonly RemovedBackup[];
  /** Those that stand. */
  readonly holds: readonly Hold[];
  /** Backups that runs read, copy, prove or build on, and that rollback copies came from. */
  readonly uses: readonly BackupUse[];
  /** Components of which a base backup is being taken. */
  readonly beingBased: readonly string[];
  /** The run that is restoring the service: nothing goes beside it. Null where there is none. */
  readonly restoring: string | null;
  readonly logs: readonly LogFacts[];
  readonly aofs: readonly AofFacts[];
  readonly marks: readonly Mark[];
  /** The plan that was carried out last; null where none ever was. */
  readonly lastPlan: LastPlan | null;
}

/** What a manifest says of its parts. A position that cannot be read stands for a base that leads nowhere, and is refused where manifests are read. */
export const partsOf = ({ components }: Pick<BackupManifest, 'components'>): readonly BackupPart[] => components.map((component) => partOf(component));

function partOf(backup: ComponentBackup): BackupPart {
  const { component } = backup;
  if (backup.engine === 'redis') return { component, kind: 'rdb', chain: [], base: null };
  if (backup.method === 'dump') return { component, kind: 'dump', chain: [], base: null };
  const { chain = [], range: { timeline, begin, end }, server: { systemIdentifier } } = backup;
  const base: BasePart = { systemIdentifier, timeline, begin: parseLsn(begin) ?? 0n, end: parseLsn(end) ?? 0n };
  return { component, kind: chain.length === 0 ? 'base' : 'incremental', chain, base };
}
