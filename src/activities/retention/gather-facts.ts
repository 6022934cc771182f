/**
 * What a plan of retention is made of, of one service in one repository. What never changes is read once, and everything else anew each time: holds, proofs, runs and
 * what is listed. Whatever cannot be read and may hold something ends it: then nothing is planned, and nothing goes.
 */
import { isFailure } from '../../domain/failures.ts';
import { backupDirectory } from '../../domain/identifiers.ts';
import type { Hold } from '../../domain/hold.ts';
import type { Mark } from '../../domain/point.ts';
import { standingProof, type SettledVerdict } from '../../domain/proof.ts';
import { partsOf, type AofFacts, type BackupFacts, type LogFacts, type RetentionFacts, type TrashedBackup, type UnreadableBackup } from '../../domain/retention/facts.ts';
import type { RemovalRecord } from '../../domain/retention/records.ts';
import { rollbackUses } from '../../domain/retention/rollback-uses.ts';
import { restoreBesideRetention } from '../../domain/retention/restoring.ts';
import { mayBeOf, runUses, type OpenRun } from '../../domain/retention/run-uses.ts';
import type { Segment } from '../../domain/wal/segment.ts';
import type { ReadManifest } from '../../domain/backup-manifest.ts';
import type { Repository } from '../../repository/repository.ts';
import type { TrashedManifest } from '../../repository/trash.ts';
import type { StoredPartial, StoredSegment, WalKey } from '../../repository/wal-archive.ts';

export interface Gathering {
  readonly repository: Repository;
  readonly service: string;
  /** Names of the service's PostgreSQL components. */
  readonly postgres: readonly string[];
  readonly nowMs: () => number;
  readonly openRuns: () => Promise<readonly OpenRun[]>;
}

/** A log, and its files by segment: what is planned by number is removed by name. */
export interface GatheredLog {
  readonly key: WalKey;
  readonly files: readonly (StoredSegment | StoredPartial)[];
}

export interface Gathered {
  readonly facts: RetentionFacts;
  /** In the order of the facts' logs. */
  readonly logs: readonly GatheredLog[];
  /** Is a run reading, of which nobody knows which append-only files it needs? */
  readonly isRead: boolean;
}

/** Without its verdict, which may change. */
type Known = Omit<BackupFacts, 'verdict'> & { readonly madeBy: string };

export interface FactsReader {
  /** @throws RepositoryUnreachable, RepositoryDamaged, UnsupportedFormat, WalConflict, TemporalUnreachable */
  read(): Promise<Gathered>;
  /** Are the holds those that were read last, and is no run of the service open that may read a backup or record a proof of one? Cheap: what is said of the backups is not looked at. @throws as read */
  isCurrent(): Promise<boolean>;
}

export function createFactsReader(gathering: Gathering): FactsReader {
  const { repository, service, postgres, nowMs, openRuns } = gathering;
  const manifests = new Map<string, Known>();
  const trashed = new Map<string, NonNullable<ReturnType<typeof knownTrash>>>();
  const removals = new Map<string, RemovalRecord>();
  const proofs = new Map<string, { readonly names: string; readonly verdict: SettledVerdict | null }>();
  const marks = new Map<string, Mark>();
  let lastRead: string | null = null;

  async function verdictOf({ backupId, sha256 }: Known): Promise<SettledVerdict | null> {
    const names = (await repository.storage.listNames(`${backupDirectory(service, backupId)}/proofs`)).join();
    const known = proofs.get(backupId);
    if (known?.names === names) return known.verdict;
    const verdict = names === '' ? null : standingProof(await repository.listProofs(service, backupId), sha256)?.verdict ?? null;
    proofs.set(backupId, { names, verdict });
    return verdict;
  }

  /** @throws UnsupportedFormat: one of a newer format may stand on anything */
  async function readListed(): Promise<{ readonly backups: readonly (Known & Pick<BackupFacts, 'verdict'>)[]; readonly unreadable: readonly UnreadableBackup[] }> {
    const backups: (Known & Pick<BackupFacts, 'verdict'>)[] = [];
    const unreadable: UnreadableBackup[] = [];
    const claimed = await repository.claimedNumbers(service);
    for (const backupId of await repository.listBackups(service)) {
      try {
        const known = manifests.get(backupId) ?? knownOf(await repository.readManifest(service, backupId));
        manifests.set(backupId, known);
        backups.push({ ...known, verdict: await verdictOf(known) });
      } catch (error) {
        // It went to the trash meanwhile.
        if (isFailure(error, 'UnknownBackup')) continue;
        if (!isFailure(error, 'ManifestDamaged')) throw error;
        unreadable.push({ backupId, sequence: claimed.get(backupId) ?? null, cause: error.fields.cause });
      }
    }
    return { backups, unreadable };
  }

  async function readTrash(): Promise<readonly (TrashedBackup & Known)[]> {
    const found: (TrashedBackup & Known)[] = [];
    for (const entry of await repository.trash.list(service)) {
      const known = trashed.get(entry.record) ?? knownTrash(await entry.read());
      // It went for good meanwhile.
      if (known === null) continue;
      trashed.set(entry.record, known);
      found.push({ ...known, verdict: await verdictOf(known) });
    }
    return found;
  }

  async function readRemoved(): Promise<readonly RemovalRecord[]> {
    const removed = await repository.trash.removed(service, removals);
    for (const each of removed) removals.set(each.backupId, each);
    return removed;
  }

  async function readMarks(): Promise<readonly Mark[]> {
    const found: Mark[] = [];
    for (const name of await repository.listMarks(service)) {
      const mark = marks.get(name) ?? await repository.readMark(service, name);
      if (mark === null) continue;
      marks.set(name, mark);
      found.push(mark);
    }
    return found;
  }

  return {
    async read() {
      // Runs first: who begins later reads a list that is no older than ours.
      const runs = await openRuns();
      const { backups, unreadable } = await readListed();
      const logs = await readLogs(repository, service);
      const rollbacks = await repository.listRollbacks(service);
      const trash = await readTrash();
      const { uses, beingBased, isRead } = runUses(service, runs, { backups, trash }, postgres);
      // One that somebody put back from a copy of the repository is there, whatever its record says.
      const there = new Set([...backups, ...unreadable, ...trash].map(({ backupId }) => backupId));
      const removed = (await readRemoved()).filter(({ backupId }) => !there.has(backupId));
      const holds = await repository.listHolds(service);
      lastRead = asText(holds);
      const facts: RetentionFacts = {
        nowMs: nowMs(), backups, unreadable, trash, removed, holds,
        uses: [...uses, ...rollbackUses(rollbacks)], beingBased, restoring: restoreBesideRetention(service, runs), logs: logs.map(({ facts: log }) => log), aofs: await readAofs(repository, service), marks: await readMarks(), lastPlan: await repository.trash.lastPlan(service),
      };
      return { facts, logs, isRead };
    },
    isCurrent: async () => !(await openRuns()).some((run) => mayBeOf(service, run)) && asText(await repository.listHolds(service)) === lastRead,
  };
}

const asText = (holds: readonly Hold[]): string => JSON.stringify(holds.map((hold) => JSON.stringify(hold)).toSorted());

const knownOf = ({ manifest, sha256 }: ReadManifest): Known => ({
  backupId: manifest.backupId, sequence: manifest.sequence, sha256, parts: partsOf(manifest), madeBy: manifest.run.workflowId, ...(manifest.imported === undefined ? {} : { imported: true as const }),
  tookMs: Math.max(0, Date.parse(manifest.finishedAt) - Date.parse(manifest.beganAt)),
});

const knownTrash = (read: TrashedManifest | null): (Known & Pick<TrashedBackup, 'trashedUpTo' | 'asked'>) | null =>
  (read === null ? null : { ...knownOf(read), trashedUpTo: read.trashedUpTo, ...(read.asked === undefined ? {} : { asked: true as const }) });

async function readLogs(repository: Repository, service: string): Promise<readonly (GatheredLog & { readonly facts: LogFacts })[]> {
  const found: (GatheredLog & { readonly facts: LogFacts })[] = [];
  for (const component of await repository.storage.listNames(`${service}/wal`)) {
    for (const systemIdentifier of await repository.wal.clusters(service, component)) {
      const key = await repository.wal.keyOf(service, component, systemIdentifier);
      const { segmentSizeBytes, complete, partial } = await repository.wal.holdings(key);
      const marked = new Map((await repository.trash.markedSegments({ service, component, systemIdentifier })).map((segment) => [segmentKey(segment), segment]));
      const isStored = (segment: Segment): boolean => !marked.has(segmentKey(segment));
      const files = [...complete, ...partial];
      const there = new Set(files.map(segmentKey));
      found.push({
        key, files,
        facts: {
          component, systemIdentifier, histories: await repository.wal.histories(key), holdings: { segmentSizeBytes, complete: complete.filter(isStored), partial: partial.filter(isStored) },
          trashed: [...marked.values()].filter((segment) => there.has(segmentKey(segment))),
        },
      });
    }
  }
  return found;
}

export const segmentKey = ({ timeline, number }: Segment): string => `${timeline}/${number}`;

async function readAofs(repository: Repository, service: string): Promise<readonly AofFacts[]> {
  const found: AofFacts[] = [];
  for (const component of await repository.storage.listNames(`${service}/aof`)) {
    const key = { service, component };
    const { bases, blocks, ends } = await repository.aof.holdings(key);
    found.push({ component, bases: await repository.aof.histories(key, bases), looks: await repository.aof.looks(key), increments: [...new Set([...blocks.keys(), ...ends.keys()])] });
  }
  return found;
}
