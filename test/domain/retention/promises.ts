/** What must hold whatever retention does (G7), told without its code. For tests. */
import { expect } from 'vitest';
import { isOn } from '../../../src/domain/wal/base-choice.ts';
import { coverageFrom } from '../../../src/domain/wal/coverage.ts';
import type { Segment } from '../../../src/domain/wal/segment.ts';
import { timelineAt, timelinePath, type TimelineStretch } from '../../../src/domain/wal/timeline.ts';
import type { RetentionPlan } from '../../../src/domain/retention/plan-retention.ts';
import { lastAnswer, segmentSizeBytes, World, type Cluster, type WorldBackup } from './world.ts';

interface PromisedBase {
  readonly backupId: string;
  readonly systemIdentifier: string;
  readonly path: readonly TimelineStretch[];
  readonly begin: bigint;
  readonly end: bigint;
}

export interface Promises {
  readonly newestProven: readonly string[];
  readonly untouchable: readonly string[];
  readonly whole: readonly string[];
  /** Component to independent copies, proven ones and all. */
  readonly copies: ReadonlyMap<string, { readonly proven: number; readonly sound: number }>;
  /** What each way leads to from the newest proven base backup. */
  readonly reached: readonly (PromisedBase & { readonly to: bigint })[];
  /** Those that get to their own end with the archive's log. */
  readonly complete: readonly PromisedBase[];
}

const isFuture = (world: World, { backupId }: WorldBackup): boolean => {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(backupId)?.map(Number) as unknown as readonly number[];
  return Date.UTC(year as number, (month as number) - 1, day, hour, minute, second) > world.nowMs + 300_000;
};

const baseOf = (backup: WorldBackup) => backup.parts.find(({ base }) => base !== null)?.base ?? null;
const failed = (world: World, id: string): boolean => [...world.stored, ...world.trash].some((each) => each.backupId === id && lastAnswer(each) === 'failed');
export const linksIn = (backup: WorldBackup): readonly string[] => backup.parts.flatMap(({ chain }) => chain.map(({ backupId }) => backupId));

const isSound = (world: World, backup: WorldBackup): boolean => world.isWhole(backup) && !isFuture(world, backup) && lastAnswer(backup) !== 'failed'
  && (lastAnswer(backup) === 'proven' || !linksIn(backup).some((id) => failed(world, id)));

/** Of all, with a base backup, and with a dump. */
function newestProvenIn(world: World): readonly string[] {
  const proven = world.stored.filter((each) => lastAnswer(each) === 'proven' && isSound(world, each));
  return [proven.at(-1), proven.findLast((each) => baseOf(each) !== null), proven.findLast((each) => each.parts.some(({ kind }) => kind === 'dump'))].flatMap((each) => (each === undefined ? [] : [each.backupId]));
}

export function promisesOf(world: World): Promises {
  const sound = world.stored.filter((each) => isSound(world, each));
  const proven = sound.filter((each) => lastAnswer(each) === 'proven');
  const provenBase = proven.findLast((each) => baseOf(each) !== null);
  const held = world.stored.filter((each) => world.isHeld(each) || world.uses.some(({ backupId }) => backupId === each.backupId) || world.unreadable.has(each.backupId));
  const stored = new Set(world.stored.map(({ backupId }) => backupId));
  return {
    newestProven: newestProvenIn(world),
    untouchable: [...held.map(({ backupId }) => backupId), ...held.flatMap((each) => (world.unreadable.has(each.backupId) ? [] : linksIn(each)))].filter((id) => stored.has(id)),
    whole: world.stored.filter((each) => world.isWhole(each)).map(({ backupId }) => backupId),
    copies: new Map(['postgres', 'redis'].map((component) => [component, { proven: independent(component, proven), sound: independent(component, sound) }])),
    reached: provenBase === undefined ? [] : waysFrom(world, provenBase).map((base) => ({ ...base, to: coverage(world, base) })),
    complete: world.stored.filter(({ backupId }) => !world.unreadable.has(backupId)).flatMap((each) => ownWay(world, each)).filter((base) => coverage(world, base) >= base.end),
  };
}

/** How many of them do not stand on each other. */
const independent = (component: string, backups: readonly WorldBackup[]): number =>
  new Set(backups.flatMap((backup) => backup.parts.filter((part) => part.component === component).map(({ chain }) => chain[0]?.backupId ?? backup.backupId))).size;

function waysFrom(world: World, backup: WorldBackup): readonly PromisedBase[] {
  const base = baseOf(backup);
  if (base === null) return [];
  return pathsOf(clusterOf(world, base.systemIdentifier)).filter((path) => isOn(path, base)).map((path) => ({ backupId: backup.backupId, systemIdentifier: base.systemIdentifier, path, begin: base.begin, end: base.end }));
}

const ownWay = (world: World, backup: WorldBackup): readonly PromisedBase[] => waysFrom(world, backup).filter(({ path }) => path.at(-1)?.timeline === baseOf(backup)?.timeline);

const clusterOf = (world: World, systemIdentifier: string): Cluster => world.clusters.find((each) => each.systemIdentifier === systemIdentifier) as Cluster;

export const pathsOf = ({ histories }: Cluster): readonly (readonly TimelineStretch[])[] => [[1, ''] as const, ...histories].map(([timeline, text]) => timelinePath(timeline, text) as readonly TimelineStretch[]);

export const coverageBy = (stored: readonly Segment[], { path, begin }: Pick<PromisedBase, 'path' | 'begin'>): bigint => coverageFrom(begin, path, { segmentSizeBytes, complete: stored, partial: [] }).end;

const coverage = (world: World, base: PromisedBase): bigint => coverageBy(clusterOf(world, base.systemIdentifier).stored, base);

/** After anything that a plan did, and after any part of it. @param before as of when the plan was made */
export function expectKept(world: World, before: Promises): void {
  const stored = new Set(world.stored.map(({ backupId }) => backupId));
  const gone = (ids: readonly string[]): readonly string[] => ids.filter((id) => !stored.has(id));
  if (gone(before.newestProven).length > 0) expect(gone(before.newestProven), 'the newest proven ones are there').toEqual([]);
  if (gone(before.untouchable).length > 0) expect(gone(before.untouchable), 'what is held, used or unreadable is there').toEqual([]);
  const broken = world.stored.filter((each) => before.whole.includes(each.backupId) && !world.isWhole(each));
  if (broken.length > 0) expect(broken, 'what is there has what it stands on').toEqual([]);
  const cut = before.reached.filter((base) => coverage(world, base) < base.to);
  if (cut.length > 0) expect(cut, 'the log leads on from the newest proven base backup').toEqual([]);
  const incomplete = before.complete.filter((base) => [...stored, ...world.trash.map((each) => each.backupId)].includes(base.backupId) && coverage(world, base) < base.end);
  if (incomplete.length > 0) expect(incomplete, 'the log leads to the own end of each base backup').toEqual([]);
}

/** What is in the trash and should not be is offered back, and stays there until somebody takes it; nobody is left without what he stands on. */
export function expectTrash(world: World, plan: RetentionPlan): void {
  const outcomes = new Map(plan.trash.map(({ backupId, outcome }) => [backupId, outcome]));
  const offered = (ids: readonly string[]): readonly string[] => ids.filter((id) => outcomes.has(id) && outcomes.get(id) !== 'offerBack');
  const asked = world.trash.filter((each) => world.isHeld(each) || world.uses.some(({ backupId }) => backupId === each.backupId)).map(({ backupId }) => backupId);
  const standing = world.stored.filter(({ backupId }) => !world.unreadable.has(backupId) && plan.decisions.some((each) => each.backupId === backupId && each.outcome === 'keep')).flatMap(linksIn);
  if (offered([...asked, ...standing]).length > 0) expect(offered([...asked, ...standing]), 'what is held, used or needed in the trash is offered back').toEqual([]);
  const staying = world.trash.filter(({ backupId }) => outcomes.get(backupId) !== 'leaves');
  const lost = staying.flatMap(linksIn).filter((id) => outcomes.get(id) === 'leaves');
  if (lost.length > 0) expect(lost, 'what stays in the trash keeps what it stands on').toEqual([]);
}

/** Once all of a plan was carried out: what is in the trash was not the newest proven one of anything. */
export function expectNewestProven(world: World): void {
  const everything = Object.assign(new World(), world, { stored: [...world.stored, ...world.trash].sort((a, b) => a.sequence - b.sequence) });
  const lacking = newestProvenIn(everything).filter((id) => world.trash.some(({ backupId }) => backupId === id));
  if (lacking.length > 0) expect(lacking, 'the newest proven ones are not in the trash').toEqual([]);
}

/** Where in the log somebody could come back to, of the last days, by the way that the server goes now. */
export function reachable(world: World, sinceMs: number): readonly bigint[] {
  const { cluster } = world;
  const path = pathsOf(cluster).find((each) => each.at(-1)?.timeline === cluster.timeline) as readonly TimelineStretch[];
  const ways = world.stored.filter((each) => isSound(world, each)).flatMap((each) => waysFrom(world, each)).filter((way) => way.systemIdentifier === cluster.systemIdentifier && way.path.at(-1)?.timeline === cluster.timeline)
    .map((way) => ({ ...way, to: coverage(world, way) }));
  return world.written.filter((each) => each.trueMs >= sinceMs && each.systemIdentifier === cluster.systemIdentifier && timelineAt(path, each.position)?.timeline === each.timeline).map(({ position }) => position)
    .filter((position) => ways.some(({ end, to }) => end <= position && to >= position));
}

/** How many copies there have to be at least, of proven ones and of all. */
export function expectCopies(world: World, before: Promises): void {
  const after = promisesOf(world).copies;
  for (const [component, { proven, sound }] of before.copies) {
    const left = after.get(component) as { proven: number; sound: number };
    const least = world.policy.minimumCopies;
    if (left.proven < Math.min(proven, least) || left.sound < Math.min(sound, least)) expect([component, left, 'of', { proven, sound }], `${least} copies are left`).toEqual(null);
  }
}
