/**
 * Carries out what was planned, in its order: what was removed by mistake comes back, backups go to the trash, then log, and last what has lain in the trash for long
 * enough goes for good. Before every few of them, and whenever a run begins or a hold is placed, it is planned anew, and only what both plans say goes. It can be stopped anywhere and done again.
 */
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { confirmRemovals } from '../../domain/retention/confirm-removals.ts';
import type { LogPlan } from '../../domain/retention/log/plan-log.ts';
import { planRetention, type RetentionPlan } from '../../domain/retention/plan-retention.ts';
import type { RetentionPolicy } from '../../domain/retention/policy.ts';
import { isWithin, type Removals } from '../../domain/retention/prune-plan.ts';
import type { Done } from '../../domain/retention/records.ts';
import { restoreIsOpen } from '../../domain/retention/restoring.ts';
import type { Segment } from '../../domain/wal/segment.ts';
import type { Repository } from '../../repository/repository.ts';
import { segmentKey, type FactsReader, type Gathered, type GatheredLog } from './gather-facts.ts';

export interface Carrying {
  readonly repository: Repository;
  readonly service: string;
  readonly policy: RetentionPolicy;
  readonly reader: FactsReader;
  readonly by: Done;
  /** What was shown. */
  readonly removals: Removals;
  /** Was its question answered with a yes? Without one, a plan that asks by now is not carried out. */
  readonly approved: boolean;
  readonly signal: AbortSignal;
  progress(phase: string): void;
}

export interface CarriedOut {
  /** Into the trash. */
  readonly removed: readonly string[];
  /** Planned, and needed by now. */
  readonly spared: readonly string[];
  readonly broughtBack: readonly string[];
  readonly gone: readonly string[];
  readonly segments: { readonly removed: number; readonly broughtBack: number; readonly gone: number };
  readonly aofs: { readonly bases: number; readonly increments: number };
}

interface Anew {
  readonly plan: RetentionPlan;
  readonly gathered: Gathered;
}

/**
 * So many backups go by one look, unless a run of the service is open or a hold was placed since: a look reads what is said of each backup that is there, which before each of the thousands of a first prune took most
 * of a day.
 */
const backupsAtOnce = 25;
/** So many segments are removed for good between one look and the next. */
const segmentsAtOnce = 200;

/**
 * Whatever ends it, one look more is taken at the end: what a run has begun to read in the moment before it went comes back.
 * @throws PlanChanged where it asks by now what it did not ask when it was shown, ServiceBusy where a restore has begun
 */
export async function carryOut(carrying: Carrying): Promise<CarriedOut> {
  const { repository, service, by } = carrying;
  await repository.trash.settle(service, by);
  const first = await bringBack(carrying, await anew(carrying));
  let done: Omit<CarriedOut, 'broughtBack'>;
  try {
    done = await removeAll(carrying, first.backups);
  } catch (error) {
    // Where this does not work either, the next prune begins with it.
    if (isFailure(error)) await look(carrying).then((seen) => bringBack(carrying, seen)).catch(() => undefined);
    throw error;
  }
  const last = await bringBack(carrying, await look(carrying));
  return {
    ...done, removed: done.removed.filter((id) => !last.backups.includes(id)), spared: [...done.spared, ...done.removed.filter((id) => last.backups.includes(id))],
    broughtBack: [...first.backups, ...last.backups.filter((id) => !done.removed.includes(id))], segments: { ...done.segments, broughtBack: first.segments + last.segments },
  };
}

/** @param takenBack before anything was removed */
async function removeAll(carrying: Carrying, takenBack: readonly string[]): Promise<Omit<CarriedOut, 'broughtBack'>> {
  const { repository, service, by, removals } = carrying;
  const { removed, spared } = await removeBackups(carrying);
  const removedSegments = await removeSegments(carrying);
  const gone = await removeForGood(carrying);
  const goneSegments = await removeSegmentsForGood(carrying);
  const aofs = await removeAofs(carrying);
  if (removals.upTo !== null) await repository.trash.recordPlan(service, { upTo: removals.upTo.sequence, newest: removals.upTo.backupId, takenBack }, by);
  return { removed, spared, gone, segments: { removed: removedSegments, broughtBack: 0, gone: goneSegments }, aofs };
}

async function look({ reader, policy, signal }: Carrying): Promise<Anew> {
  signal.throwIfAborted();
  const gathered = await reader.read();
  return { plan: planRetention(gathered.facts, policy), gathered };
}

async function anew(carrying: Carrying): Promise<Anew> {
  const { approved, service } = carrying;
  const { plan, gathered } = await look(carrying);
  if (plan.waitsFor !== null) throw restoreIsOpen(service, 'remove backups', plan.waitsFor);
  if (plan.question === null || approved) return { plan, gathered };
  throw new HoldfastFailure('PlanChanged', { operation: 'remove backups', object: service, cause: `it asks by now: ${plan.question}`, hint: 'Look at the plan again: holdfast prune --plan.' });
}

/** The plan by which the next backup goes. */
function plansOf(carrying: Carrying): () => Promise<RetentionPlan> {
  let current: RetentionPlan | null = null;
  let gone = 0;
  return async () => {
    carrying.signal.throwIfAborted();
    if (current === null || gone >= backupsAtOnce || !await carrying.reader.isCurrent()) [current, gone] = [(await anew(carrying)).plan, 0];
    gone += 1;
    return current;
  };
}

async function bringBack({ repository, service, by }: Carrying, { plan }: Anew): Promise<{ readonly backups: readonly string[]; readonly segments: number }> {
  const backups: string[] = [];
  // What others stand on first.
  for (const { backupId } of plan.trash.filter(({ outcome }) => outcome === 'offerBack').toReversed()) {
    if (await repository.trash.bringBack(service, backupId, by).catch(unlessThere) === 'back') backups.push(backupId);
  }
  for (const { component, systemIdentifier, offersBack } of plan.logs) await repository.trash.unmarkSegments({ service, component, systemIdentifier }, offersBack);
  return { backups, segments: plan.logs.reduce((sum, { offersBack }) => sum + offersBack.length, 0) };
}

async function removeBackups(carrying: Carrying): Promise<Pick<CarriedOut, 'removed' | 'spared'>> {
  const { repository, service, by, removals, progress } = carrying;
  const removed: string[] = [];
  const spared: string[] = [];
  const nextPlan = plansOf(carrying);
  for (const backupId of removals.backups) {
    progress(`removing ${backupId}`);
    const plan = await nextPlan();
    const decision = plan.decisions.find((each) => each.backupId === backupId);
    // Of an attempt before this one.
    if (decision === undefined) continue;
    const isConfirmed = confirmRemovals({ decisions: [{ backupId, outcome: 'remove' }] }, plan).length > 0 && plan.upTo !== null;
    if (isConfirmed) await repository.trash.move(service, backupId, { upTo: plan.upTo.sequence, sound: decision.sound, by });
    (isConfirmed ? removed : spared).push(backupId);
  }
  return { removed, spared };
}

/** Nobody keeps two runs from pruning at once: another one has removed it for good since it was planned. */
function unlessThere(error: unknown): null {
  if (isFailure(error, 'UnknownBackup')) return null;
  throw error;
}

/** All of one log at once: that is one object. */
async function removeSegments(carrying: Carrying): Promise<number> {
  const { repository, service, removals, progress } = carrying;
  let count = 0;
  for (const { component, systemIdentifier, removes } of removals.logs.filter((log) => log.removes.length > 0)) {
    progress(`removing log of ${component}`);
    const { plan } = await anew(carrying);
    const going = (logIn(plan, component, systemIdentifier)?.removes ?? []).filter((segment) => isWithin(removes, segment));
    if (plan.upTo !== null) await repository.trash.markSegments({ service, component, systemIdentifier }, going, plan.upTo.sequence);
    count += plan.upTo === null ? 0 : going.length;
  }
  return count;
}

async function removeForGood(carrying: Carrying): Promise<readonly string[]> {
  const { repository, service, by, removals, progress } = carrying;
  const gone: string[] = [];
  const nextPlan = plansOf(carrying);
  for (const backupId of removals.leaving) {
    progress(`emptying the trash: ${backupId}`);
    const plan = await nextPlan();
    if (!plan.trash.some((each) => each.backupId === backupId && each.outcome === 'leaves')) continue;
    if (await repository.trash.removeForGood(service, backupId, by).catch(unlessThere) === 'gone') gone.push(backupId);
  }
  return gone;
}

async function removeSegmentsForGood(carrying: Carrying): Promise<number> {
  const { repository, service, removals, progress, signal } = carrying;
  let count = 0;
  for (const { component, systemIdentifier, leaves } of removals.logs.filter((log) => log.leaves.length > 0)) {
    for (;;) {
      progress(`emptying the trash: log of ${component}`);
      const { plan, gathered } = await anew(carrying);
      const going = (logIn(plan, component, systemIdentifier)?.leaves ?? []).filter((segment) => isWithin(leaves, segment)).slice(0, segmentsAtOnce);
      const log = gathered.logs.find(({ key }) => key.component === component && key.systemIdentifier === systemIdentifier);
      if (going.length === 0 || log === undefined) break;
      await repository.wal.removeSegments(log.key, filesOf(log, going), signal);
      await repository.trash.unmarkSegments({ service, component, systemIdentifier }, going);
      count += going.length;
    }
  }
  return count;
}

function filesOf({ files }: GatheredLog, segments: readonly Segment[]): GatheredLog['files'] {
  const keys = new Set(segments.map(segmentKey));
  return files.filter((file) => keys.has(segmentKey(file)));
}

const logIn = ({ logs }: RetentionPlan, component: string, systemIdentifier: string): LogPlan | undefined => logs.find((log) => log.component === component && log.systemIdentifier === systemIdentifier);

/** They have no trash: they are kept a day longer than anything asks for. */
async function removeAofs(carrying: Carrying): Promise<CarriedOut['aofs']> {
  const { repository, service, removals, progress } = carrying;
  let [bases, increments] = [0, 0];
  for (const shown of removals.aofs.filter((each) => each.bases.length + each.increments.length > 0)) {
    progress(`removing append-only files of ${shown.component}`);
    const { plan, gathered } = await anew(carrying);
    const now = plan.aofs.find(({ component }) => component === shown.component);
    if (gathered.isRead || now === undefined) continue;
    const key = { service, component: shown.component };
    const going = (await repository.aof.holdings(key)).bases.filter(({ id }) => shown.bases.includes(id) && now.bases.includes(id));
    const behind = shown.increments.filter((id) => now.increments.includes(id));
    await repository.aof.remove(key, going, behind);
    [bases, increments] = [bases + going.length, increments + behind.length];
  }
  return { bases, increments };
}
