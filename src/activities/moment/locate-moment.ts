/** From a moment that somebody names to what recovers it: a base backup, the log behind it, and the position; or why there is none. Reads the repository only. */
import type { PostgresBase } from '../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { resolveBackupId } from '../../domain/identifiers.ts';
import { pointText, type Mark, type Point } from '../../domain/point.ts';
import { chooseBase, isOn, type BaseChoice, type BaseRange, type Moment } from '../../domain/wal/base-choice.ts';
import { coveringFiles, type Coverage, type WalHoldings } from '../../domain/wal/coverage.ts';
import type { LogFile } from '../../domain/wal/log-file.ts';
import { parseLsn } from '../../domain/wal/lsn.ts';
import { timelineAt, timelinePath, type TimelineStretch } from '../../domain/wal/timeline.ts';
import type { Repository } from '../../repository/repository.ts';
import type { StoredPartial, StoredSegment, WalKey } from '../../repository/wal-archive.ts';
import { missingInChain, readBases, wholeBases, type BaseBackup } from '../base-backups.ts';

export interface MomentRequest {
  readonly service: string;
  readonly component: string;
  readonly point: Point;
  /** Does what happened at the point belong to it? */
  readonly inclusive: boolean;
  /** Along which timeline, and no other. Unless given, the one that is live, else {@link timelineToFollow}; a mark leads along its own. */
  readonly timeline?: number;
  /** The timeline that the live server is on, where that is known. */
  readonly liveTimeline?: number;
  /** Of the cluster that is live now, where that is known: another one's archive leads elsewhere. */
  readonly systemIdentifier?: string;
  /** From this base backup alone: what was found once is found again, whatever was taken since. */
  readonly base?: string;
}

export interface LocatedMoment {
  readonly key: WalKey;
  readonly base: { readonly backupId: string; readonly manifestSha256: string; readonly backup: PostgresBase };
  readonly timeline: number;
  readonly moment: Moment;
  readonly inclusive: boolean;
  readonly coverage: Coverage;
  /** Everything that recovery will ask for, in that order; of the histories all there are: the timeline that it begins takes the first number that none has. */
  readonly files: readonly LogFile[];
}

/** @throws PointUnreachable with what is missing and what is nearest, UnknownBackup, AmbiguousBackup, RepositoryDamaged, WalConflict */
export async function locateMoment(repository: Repository, request: MomentRequest): Promise<LocatedMoment> {
  const bases = await basesIn(repository, request);
  const newest = bases.at(-1);
  if (newest === undefined) throw unreachable(request, 'there is no base backup of this cluster', 'Take one with `holdfast backup --kind base`; from its end on every moment can be reached.');
  const key = keyOf(request, newest);
  const own = bases.filter(({ backup }) => backup.server.systemIdentifier === key.systemIdentifier);
  const histories = await repository.wal.histories(key);
  const holdings = await repository.wal.holdings(key);
  const ownEnd = request.point.kind === 'backup' ? await baseNamed(repository, request, own, request.point.backup) : null;
  // The end of a base backup lies on its own timeline, wherever the others have got to since.
  const followed = ownEnd?.backup.range.timeline ?? request.liveTimeline ?? timelineToFollow(own, histories, holdings);
  const mark = request.point.kind === 'mark' ? await markNamed(repository, request, key, request.point.name) : null;
  // To that end no history is needed either.
  const path = ownEnd !== null && (request.timeline ?? followed) === followed ? pathOf(followed, histories) ?? [{ timeline: followed, begin: 0n, end: null }]
    : mark === null ? pathTo(request, request.timeline ?? followed, histories) : pathThrough(request, mark, followed, histories);
  const timeline = path.at(-1)?.timeline ?? followed;
  const { moment: asked, inclusive } = ownEnd !== null ? { moment: { kind: 'consistent', backupId: ownEnd.manifest.backupId } as const, inclusive: true } : await momentOf(repository, request, mark, own);
  const { base, moment, coverage } = await chooseReadable(repository, request, asked, own, (bases) => chooseBase(asked, path, bases.map(rangeOf), holdings));
  const chosen = own.find(({ manifest }) => manifest.backupId === base.backupId) as BaseBackup;
  const segments = coveringFiles(base.begin, path, holdings) as readonly (StoredSegment | StoredPartial)[];
  return {
    key, base: { backupId: base.backupId, manifestSha256: chosen.sha256, backup: chosen.backup }, timeline, moment, inclusive: moment.kind === 'consistent' || inclusive, coverage,
    files: repository.wal.logFiles(key, segments, histories),
  };
}

/** An incremental one has less log behind it, and leads nowhere where a file of what it stands on is gone: then an older one does. One that is named is taken as it is. */
async function chooseReadable(repository: Repository, request: MomentRequest, moment: Moment, own: readonly BaseBackup[], choose: (bases: readonly BaseBackup[]) => BaseChoice): Promise<BaseChoice> {
  if (request.base !== undefined || moment.kind === 'consistent') return choose(own.filter(({ manifest }) => request.base === undefined || manifest.backupId === request.base));
  const unreadable = new Map<string, string>();
  for (;;) {
    try {
      const choice = choose(own.filter(({ manifest }) => !unreadable.has(manifest.backupId)));
      const missing = await missingInChain(repository, own.find(({ manifest }) => manifest.backupId === choice.base.backupId) as BaseBackup, own);
      if (missing === null) return choice;
      unreadable.set(choice.base.backupId, missing);
    } catch (error) {
      if (!isFailure(error, 'PointUnreachable') || unreadable.size === 0) throw error;
      throw unreachable(request, `${error.fields.cause}; passed over, as it cannot be made whole: ${[...unreadable].map(([id, missing]) => `${id} (${missing})`).join(', ')}`, error.fields.hint);
    }
  }
}

/**
 * Oldest first by their number. One whose manifest cannot be believed, or that stands on such a one or on one that is gone, is passed over: an older base leads to the
 * same moment, only slower.
 */
export async function basesIn(repository: Repository, { service, component, systemIdentifier, point }: Omit<MomentRequest, 'inclusive' | 'timeline'>): Promise<readonly BaseBackup[]> {
  const bases = wholeBases(await readBases(repository, service, component));
  const others = bases.filter(({ backup }) => systemIdentifier !== undefined && backup.server.systemIdentifier !== systemIdentifier);
  if (others.length > 0 && others.length === bases.length) {
    throw unreachable({ point }, `every base backup is of the cluster ${others.at(-1)?.backup.server.systemIdentifier}, and the live one is ${systemIdentifier}`, `The database was made anew since. To come back to the old one say so: --cluster ${others.at(-1)?.backup.server.systemIdentifier}. For the new one take a base backup: holdfast backup --kind base.`);
  }
  return bases.filter((base) => !others.includes(base)).sort((a, b) => a.manifest.sequence - b.manifest.sequence);
}

/** The log that belongs to a base backup. */
export const keyOf = ({ service, component }: Pick<MomentRequest, 'service' | 'component'>, { backup }: BaseBackup): WalKey =>
  ({ service, component, systemIdentifier: backup.server.systemIdentifier, segmentSizeBytes: backup.cluster.segmentSizeBytes });

/**
 * The youngest that goes through the newest base backup: one that was left again (by an undo of the restore that began it) does not. One of which there is log and no
 * history is taken for it too: whoever follows it is told that its history is missing.
 */
export function timelineToFollow(bases: readonly BaseBackup[], histories: ReadonlyMap<number, string>, { complete, partial }: WalHoldings): number {
  const newest = bases.at(-1);
  const known = [...new Set([1, ...histories.keys(), ...[...bases.map(({ backup }) => backup.range), ...complete, ...partial].map(({ timeline }) => timeline)])].sort((a, b) => b - a);
  const found = known.find((timeline) => {
    const path = pathOf(timeline, histories);
    return path === null || newest === undefined || isOn(path, rangeOf(newest));
  });
  return found ?? newest?.backup.range.timeline ?? 1;
}

/** Null where the archive has no history of it. */
export function pathOf(timeline: number, histories: ReadonlyMap<number, string>): readonly TimelineStretch[] | null {
  const history = timeline === 1 ? '' : histories.get(timeline);
  return history === undefined ? null : timelinePath(timeline, history);
}

function pathTo(request: Pick<MomentRequest, 'point'>, timeline: number, histories: ReadonlyMap<number, string>): readonly TimelineStretch[] {
  const path = pathOf(timeline, histories);
  if (path !== null) return path;
  throw unreachable(request, `the archive has no history of timeline ${timeline}`, `It knows ${[1, ...histories.keys()].join(', ')}; name one with --timeline.`);
}

/** The same position lies on each timeline, and is another moment on each: a mark is on its own. */
function pathThrough(request: MomentRequest, mark: Mark, followed: number, histories: ReadonlyMap<number, string>): readonly TimelineStretch[] {
  const path = pathTo(request, request.timeline ?? followed, histories);
  if (timelineAt(path, (parseLsn(mark.lsn) ?? 0n) - 1n)?.timeline === mark.timeline) return path;
  if (request.timeline === undefined) return pathTo(request, mark.timeline, histories);
  throw unreachable(request, `it lies on timeline ${mark.timeline}, on a part that timeline ${request.timeline} has not gone along`, `Name no timeline, or its own: --timeline ${mark.timeline}.`);
}

async function momentOf(repository: Repository, request: MomentRequest, mark: Mark | null, bases: readonly BaseBackup[]): Promise<{ readonly moment: Moment; readonly inclusive: boolean }> {
  const { point, inclusive } = request;
  switch (point.kind) {
    case 'time': return { moment: { kind: 'time', at: point.at }, inclusive };
    case 'lsn': return { moment: { kind: 'lsn', lsn: parseLsn(point.lsn) ?? 0n }, inclusive };
    case 'xid': return { moment: { kind: 'xid', xid: BigInt(point.xid) }, inclusive };
    case 'latest': return { moment: { kind: 'latest' }, inclusive };
    // A mark is where it is: everything before it, whatever is asked, and nothing behind.
    case 'mark': return { moment: { kind: 'lsn', lsn: parseLsn(mark?.lsn ?? '') ?? 0n }, inclusive: false };
    case 'backup': return dumpedMoment(repository, request, bases, point.backup);
  }
}

async function markNamed(repository: Repository, request: MomentRequest, key: WalKey, name: string): Promise<Mark> {
  const mark = await repository.readMark(request.service, name);
  if (mark === null) throw unreachable(request, 'there is no such mark', `Marks of ${request.service}: ${(await repository.listMarks(request.service)).slice(0, 10).join(', ') || 'none'}.`);
  if (mark.systemIdentifier !== key.systemIdentifier || mark.component !== key.component) throw unreachable(request, `it was made in the cluster ${mark.systemIdentifier}, and the archive is of ${key.systemIdentifier}`, 'Name a moment of this cluster.');
  return mark;
}

/** The base backup that a point names, or null where it names another backup. @throws UnknownBackup, AmbiguousBackup */
async function baseNamed(repository: Repository, request: Pick<MomentRequest, 'service'>, bases: readonly BaseBackup[], prefix: string): Promise<BaseBackup | null> {
  const backupId = prefix === 'latest' ? await repository.latestBackup(request.service) : resolveBackupId(prefix, await repository.listBackups(request.service));
  return bases.find(({ manifest }) => manifest.backupId === backupId) ?? null;
}

/** Of a dump the position that was read in its snapshot. */
async function dumpedMoment(repository: Repository, request: MomentRequest, bases: readonly BaseBackup[], prefix: string): Promise<{ readonly moment: Moment; readonly inclusive: boolean }> {
  const backupId = prefix === 'latest' ? await repository.latestBackup(request.service) : resolveBackupId(prefix, await repository.listBackups(request.service));
  if (backupId === null) throw unreachable(request, 'the service has no backup', 'Take one: holdfast backup.');
  const { manifest } = await repository.readManifest(request.service, backupId);
  const backup = manifest.components.find(({ component }) => component === request.component);
  if (backup?.engine !== 'postgres') throw unreachable(request, `backup ${backupId} has no ${request.component} of PostgreSQL`, 'See holdfast show.');
  if (!bases.some((base) => base.backup.server.systemIdentifier === backup.server.systemIdentifier)) throw unreachable(request, `backup ${backupId} is of another cluster`, `Restore it as it is: holdfast restore ${backupId}.`);
  return { moment: { kind: 'lsn', lsn: parseLsn(backup.snapshot.lsn) ?? 0n }, inclusive: false };
}

export const rangeOf = ({ manifest, backup }: BaseBackup): BaseRange => ({
  backupId: manifest.backupId, timeline: backup.range.timeline, begin: parseLsn(backup.range.begin) ?? 0n, end: parseLsn(backup.range.end) ?? 0n, endAt: backup.range.endAt, snapshot: backup.snapshot.snapshot,
});

const unreachable = ({ point }: Pick<MomentRequest, 'point'>, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('PointUnreachable', { operation: 'find the way to the moment', object: pointText(point), cause, hint });
