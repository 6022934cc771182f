/** Which base backups the kept log begins with, on each way through it. Pure. */
import { counted } from '../../wording.ts';
import { isOn } from '../../wal/base-choice.ts';
import { coverageFrom } from '../../wal/coverage.ts';
import { timelinePath, type TimelineStretch } from '../../wal/timeline.ts';
import type { BasePart, LogFacts, RetentionFacts } from '../facts.ts';
import type { JudgedBackup } from '../rules/judge-backups.ts';
import type { RetentionPolicy } from '../policy.ts';
import { dayMs, type RetentionClock } from '../rules/retention-clock.ts';

/** A base backup that the log leads on from. */
export interface LogAnchor {
  readonly base: JudgedBackup;
  /** To be read behind "it". */
  readonly text: string;
}

/** The log from here on, along a path. */
export interface LogStart {
  readonly path: readonly TimelineStretch[];
  readonly begin: bigint;
}

export interface LogNeeds {
  readonly starts: readonly LogStart[];
  readonly anchors: readonly LogAnchor[];
  /** Why nothing of it goes now, without a full stop; null where something may. */
  readonly frozen: string | null;
}

export interface LogSurvey {
  readonly facts: Pick<RetentionFacts, 'holds' | 'uses' | 'beingBased' | 'restoring' | 'removed'>;
  readonly policy: RetentionPolicy;
  readonly backups: readonly JudgedBackup[];
  readonly clock: RetentionClock;
}

interface PlacedBase extends BasePart {
  readonly backup: JudgedBackup;
  readonly ageMs: number;
}

export function logNeeds(log: LogFacts, survey: LogSurvey): LogNeeds {
  const bases = basesOf(log.component, survey);
  const own = bases.filter(({ systemIdentifier }) => systemIdentifier === log.systemIdentifier);
  const paths = timelinePaths(log.histories);
  const frozen = frozenBy(log, survey.facts);
  const starts = startsOf([newestProven(bases)], paths, survey.facts, own);
  const horizonMs = survey.policy.walDays * dayMs;
  const newest = newestOf(log, own, survey.facts);
  // One that never had a base backup may be about to have its first.
  if (newest !== null && isLeft(newest, bases.filter((base) => !own.includes(base)), horizonMs)) return { frozen, anchors: [], starts };
  if (!own.some(({ backup }) => backup.standing === 'sound')) return { frozen: frozen ?? 'no base backup of it can be relied on, so nobody knows what will be needed', anchors: [], starts };
  const live = [...paths].filter(([timeline]) => !isLeft(highest(own.filter((base) => base.timeline === timeline)), own.filter((base) => base.timeline > timeline), horizonMs));
  const ways = live.map(([, path]) => wayAlong(path, own, log, survey.policy));
  return { frozen, anchors: ways.flatMap((way) => way.anchors), starts: [...starts, ...ways.map((way) => way.start)] };
}

/** Along a path that is still wanted. */
function wayAlong(path: readonly TimelineStretch[], own: readonly PlacedBase[], { holdings }: LogFacts, { walDays }: RetentionPolicy): { readonly start: LogStart; readonly anchors: readonly LogAnchor[] } {
  const onPath = own.filter((base) => base.backup.standing === 'sound' && isOn(path, base));
  const [first, ...others] = anchorsOf(onPath, walDays * dayMs, (base) => coverageFrom(base.begin, path, holdings).end);
  // Nothing leads there so far; what is being taken may.
  if (first === undefined) return { start: { path, begin: 0n }, anchors: [] };
  return {
    start: { path, begin: first.begin },
    anchors: [
      { base: first.backup, text: `is what the log of the last ${counted(walDays, 'day')} begins with` },
      ...others.map(({ backup }) => ({ base: backup, text: 'is what leads on where the log of the one before it ends' })),
    ],
  };
}

/** Base backups of a component, of whatever cluster, by their numbers. */
const basesOf = (component: string, { backups, clock }: LogSurvey): readonly PlacedBase[] => backups.flatMap((backup) => backup.parts.flatMap((part) =>
  (part.component === component && part.base !== null ? [{ ...part.base, backup, ageMs: clock.ageMs(backup.sequence) - backup.tookMs }] : [])));

/**
 * From any second of the last days one comes back with the newest base backup that ended before them, a proven one if there is any, and the log behind it; where that
 * has a gap, with the first base backup behind that.
 * @param reach how far the log leads
 */
function anchorsOf(onPath: readonly PlacedBase[], horizonMs: number, reach: (base: PlacedBase) => bigint): readonly PlacedBase[] {
  const first = onPath.findLast(({ ageMs, backup }) => ageMs >= horizonMs && backup.isProven) ?? onPath.findLast(({ ageMs }) => ageMs >= horizonMs) ?? onPath[0];
  if (first === undefined) return [];
  const found = [first];
  let end = reach(first);
  for (const base of onPath.slice(onPath.indexOf(first) + 1)) {
    if (base.end <= end) continue;
    found.push(base);
    end = reach(base);
  }
  return found;
}

const newestProven = (bases: readonly PlacedBase[]): PlacedBase | undefined => bases.findLast(({ backup }) => backup.isProven);

/** Was all of it left before the last days? So it was where there is a sound base backup from before them of what came after, newer than the newest of its own. */
const isLeft = (newest: number, after: readonly PlacedBase[], horizonMs: number): boolean =>
  after.some(({ backup, ageMs }) => backup.standing === 'sound' && ageMs >= horizonMs && backup.sequence > newest);

const highest = (bases: readonly PlacedBase[]): number => bases.reduce((most, { backup }) => Math.max(most, backup.sequence), 0);

/** Number of the newest base backup that a cluster ever had; null where it had none. */
function newestOf({ component, systemIdentifier }: LogFacts, own: readonly PlacedBase[], { removed }: LogSurvey['facts']): number | null {
  const gone = removed.filter(({ parts }) => parts.some((part) => part.component === component && part.base?.systemIdentifier === systemIdentifier));
  return own.length + gone.length === 0 ? null : Math.max(highest(own), ...gone.map(({ sequence }) => sequence));
}

/** What leads on from the newest proven one stays whichever way it goes, and so does what a run may be reading behind its base backup. */
function startsOf(wanted: readonly (PlacedBase | undefined)[], paths: ReadonlyMap<number, readonly TimelineStretch[]>, { uses }: LogSurvey['facts'], own: readonly PlacedBase[]): readonly LogStart[] {
  const followed = own.filter((base) => wanted.includes(base) || uses.some(({ backupId }) => backupId === base.backup.backupId));
  return followed.flatMap((base) => [...paths.values()].filter((path) => isOn(path, base)).map((path) => ({ path, begin: base.begin })));
}

function frozenBy({ component }: LogFacts, { holds, beingBased, restoring }: LogSurvey['facts']): string | null {
  if (restoring !== null) return `${restoring} is restoring the service`;
  if (beingBased.includes(component)) return 'a base backup is being taken';
  const hold = holds.find((each) => each.component === component);
  return hold === undefined ? null : `a damaged page was found when ${hold.backupId} was taken, and nobody knows since when`;
}

/** Each timeline that can be told the way to; the first of a cluster has no history. */
export function timelinePaths(histories: ReadonlyMap<number, string>): ReadonlyMap<number, readonly TimelineStretch[]> {
  const paths = new Map<number, readonly TimelineStretch[]>();
  for (const [timeline, text] of new Map([[1, ''], ...histories])) {
    const path = timelinePath(timeline, text);
    if (path !== null) paths.set(timeline, path);
  }
  return paths;
}
