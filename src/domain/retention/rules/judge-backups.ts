/** Which backups can be relied on, and why others cannot: only a sound one is ever counted. Pure. */
import { backupInstant } from '../../identifiers.ts';
import { brokenLink, type ChainedBase } from '../../wal/base-chain.ts';
import type { BackupFacts } from '../facts.ts';

/** A clock may be so far off before a backup is taken for one of the future. */
const toleranceMs = 300_000;

/**
 * `broken`: something that it stands on is not there as it was. `future`: its id claims a time that the clock has not reached.
 * `imported`: its number says when it came, not when it was made: it must pass for no newer one, and tells no time.
 */
export type Standing = 'sound' | 'failed' | 'broken' | 'future' | 'imported';

export interface JudgedBackup extends BackupFacts {
  readonly atMs: number;
  readonly standing: Standing;
  /** Why it is not sound, to be read behind "it"; empty where it is. */
  readonly cause: string;
  readonly isProven: boolean;
  /** What it is a backup of: a component and a kind, an incremental one being a base backup. */
  readonly groups: readonly string[];
}

/** By their numbers. @param backups what there is, and what a chain may go through */
export function judgeBackups(backups: readonly BackupFacts[], nowMs: number): readonly JudgedBackup[] {
  const byId = new Map(backups.map((backup) => [backup.backupId, backup]));
  const chained = chainedBases(backups);
  return backups.toSorted((a, b) => a.sequence - b.sequence || (a.backupId < b.backupId ? -1 : 1)).map((backup) => {
    const atMs = Date.parse(backupInstant(backup.backupId));
    const [standing, cause] = judge(backup, atMs > nowMs + toleranceMs, byId, chained);
    return { ...backup, atMs, standing, cause, isProven: standing === 'sound' && backup.verdict === 'proven', groups: backup.parts.map(({ component, kind }) => groupName(component, kind)) };
  });
}

export const groupName = (component: string, kind: BackupFacts['parts'][number]['kind']): string => `${kind === 'rdb' ? 'RDB file' : kind === 'dump' ? 'dump' : 'base backup'} of ${component}`;

type Chained = ReadonlyMap<string, ReadonlyMap<string, ChainedBase>>;

function judge(backup: BackupFacts, isFuture: boolean, byId: ReadonlyMap<string, BackupFacts>, chained: Chained): readonly [Standing, string] {
  if (backup.imported === true) return ['imported', 'was imported'];
  for (const { component, chain } of backup.parts.filter((part) => part.chain.length > 0)) {
    const broken = brokenLink({ backupId: backup.backupId, sha256: backup.sha256, chain }, chained.get(component) ?? new Map());
    if (broken !== null) return ['broken', `stands on ${broken.backupId}, which ${broken.cause}`];
  }
  if (backup.verdict === 'failed') return ['failed', 'failed its newest proof'];
  const failed = backup.verdict === 'proven' ? undefined : linksOf(backup).find((id) => byId.get(id)?.verdict === 'failed');
  if (failed !== undefined) return ['failed', `stands on ${failed}, which failed its newest proof`];
  return isFuture ? ['future', 'claims a time that has not come yet'] : ['sound', ''];
}

/** Ids of all that it stands on. */
export const linksOf = ({ parts }: Pick<BackupFacts, 'parts'>): readonly string[] => parts.flatMap(({ chain }) => chain.map(({ backupId }) => backupId));

/** By component and id; empty where no backup stands on another. */
function chainedBases(backups: readonly BackupFacts[]): Chained {
  const found = new Map<string, Map<string, ChainedBase>>();
  if (!backups.some((backup) => backup.parts.some(({ chain }) => chain.length > 0))) return found;
  for (const { backupId, sha256, parts } of backups) {
    for (const { component, chain, base } of parts) {
      if (base === null) continue;
      const known = found.get(component) ?? new Map<string, ChainedBase>();
      found.set(component, known.set(backupId, { backupId, sha256, chain }));
    }
  }
  return found;
}
