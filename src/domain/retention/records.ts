/** What retention leaves in a repository (docs/backup-format.md), as JSON: positions are text there. Pure. */
import type { RunOwner } from '../run-owner.ts';
import { formatLsn, parseLsn } from '../wal/lsn.ts';
import type { BackupPart, RemovedBackup } from './facts.ts';

/** Who did it, and when. ISO 8601 UTC. */
export interface Done {
  readonly at: string;
  readonly run: RunOwner;
}

/** Who wanted a backup gone before its time, and why. */
export interface Asked {
  readonly reason: string;
  readonly requestedBy?: string;
}

/** A backup that went for good. It stays for ever: it tells time as it did, and its successor's link to it is no missing one. */
export interface RemovalRecord extends RemovedBackup {
  /** Of its manifest: the next one names it. */
  readonly sha256: string;
}

/** How one stay in the trash ended; which of the two it is, is decided once. */
export type TrashEnd = 'back' | 'gone';

interface StoredPart extends Omit<BackupPart, 'base'> {
  readonly base: { readonly systemIdentifier: string; readonly timeline: number; readonly begin: string; readonly end: string } | null;
}

export const storedParts = (parts: readonly BackupPart[]): readonly StoredPart[] => parts.map(({ base, ...part }) =>
  ({ ...part, base: base === null ? null : { ...base, begin: formatLsn(base.begin), end: formatLsn(base.end) } }));

/** Null for what is none. */
export function partsFrom(value: unknown): readonly BackupPart[] | null {
  if (!Array.isArray(value)) return null;
  const parts = (value as readonly Partial<StoredPart>[]).map((part) => partFrom(part));
  return parts.every((part) => part !== null) ? parts : null;
}

const kinds: ReadonlySet<unknown> = new Set<BackupPart['kind']>(['dump', 'rdb', 'base', 'incremental']);

function partFrom({ component, kind, chain, base }: Partial<StoredPart>): BackupPart | null {
  if (typeof component !== 'string' || kind === undefined || !kinds.has(kind) || !Array.isArray(chain)) return null;
  if (base === null || base === undefined) return { component, kind, chain, base: null };
  const [begin, end] = [parseLsn(base.begin), parseLsn(base.end)];
  return begin === null || end === null ? null : { component, kind, chain, base: { ...base, begin, end } };
}
