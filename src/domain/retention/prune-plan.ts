/** A plan as it travels, is shown, approved and carried out: plain JSON. What is left of it when it is carried out is planned anew each time. Pure. */
import type { Segment } from '../wal/segment.ts';
import type { AofPlan } from './log/plan-aof.ts';
import type { BackupDecision } from './backup-decision.ts';
import type { RetentionPlan } from './plan-retention.ts';
import { policyText, type RetentionPolicy } from './policy.ts';
import type { TrashDecision } from './plan-trash.ts';

/** Temporal refuses a payload of more than 2 MiB: so many backups, and so many of the trash, are told one by one. */
export const toldBackups = 500;
const toldRemarks = 100;
const toldCharacters = 300;

export type ToldBackup = Pick<BackupDecision, 'backupId' | 'outcome' | 'sentence'>;
export type ToldTrash = Pick<TrashDecision, 'backupId' | 'outcome' | 'sentence'>;

export interface ToldLog {
  readonly component: string;
  readonly systemIdentifier: string;
  /** Segments: into the trash, back from it, out of it for good. */
  readonly removes: number;
  readonly offersBack: number;
  readonly leaves: number;
  readonly sentence: string;
}

export interface ToldAof {
  readonly component: string;
  readonly bases: number;
  readonly increments: number;
  readonly sentence: string;
}

export interface PrunePlan {
  readonly repository: string;
  readonly digest: string;
  /** The policy, in words, without a full stop; absent in what an older version planned. */
  readonly keeps?: string;
  /** To be answered with a yes before anything of it is carried out; null where nothing is asked. */
  readonly question: string | null;
  /** The restore that is open: all of it waits until that has ended. Absent where there is none. */
  readonly waitsFor?: string;
  /** Newest first. */
  readonly backups: readonly ToldBackup[];
  readonly trash: readonly ToldTrash[];
  readonly logs: readonly ToldLog[];
  readonly aofs: readonly ToldAof[];
  readonly remarks: readonly string[];
  readonly oldest: string | null;
  readonly counts: { readonly kept: number; readonly removed: number; readonly offeredBack: number; readonly leaving: number };
  /** Kept backups that are not told one by one, there being so many. */
  readonly leftOut: number;
}

/** Segments of one timeline that follow on each other; numbers in decimal. */
export interface SegmentRange {
  readonly timeline: number;
  readonly first: string;
  readonly last: string;
}

/** What goes by a plan, by name: this is approved, and nothing beside it goes. */
export interface Removals {
  readonly backups: readonly string[];
  readonly leaving: readonly string[];
  readonly logs: readonly { readonly component: string; readonly systemIdentifier: string; readonly removes: readonly SegmentRange[]; readonly leaves: readonly SegmentRange[] }[];
  readonly aofs: readonly Pick<AofPlan, 'component' | 'bases' | 'increments'>[];
  readonly upTo: { readonly sequence: number; readonly backupId: string } | null;
}

/** In the order in which it goes. */
export function removalsOf(plan: RetentionPlan): Removals {
  return {
    backups: plan.decisions.filter(({ outcome }) => outcome === 'remove').map(({ backupId }) => backupId),
    leaving: plan.trash.filter(({ outcome }) => outcome === 'leaves').map(({ backupId }) => backupId),
    logs: plan.logs.map(({ component, systemIdentifier, removes, leaves }) => ({ component, systemIdentifier, removes: rangesOf(removes), leaves: rangesOf(leaves) })),
    aofs: plan.aofs.map(({ component, bases, increments }) => ({ component, bases, increments })),
    upTo: plan.upTo,
  };
}

/** @param own is it the repository's own policy? */
export function prunePlanOf({ repository, policy, own }: { readonly repository: string; readonly policy: RetentionPolicy; readonly own: boolean }, digest: string, plan: RetentionPlan): PrunePlan {
  const removed = plan.decisions.filter(({ outcome }) => outcome === 'remove');
  const kept = plan.decisions.filter(({ outcome }) => outcome === 'keep');
  const told = new Set([...removed, ...kept].slice(0, toldBackups));
  return {
    repository, digest, keeps: `${policyText(policy)}${own ? `, as written down for ${repository}` : ''}`, question: plan.question, oldest: plan.oldest, ...(plan.waitsFor === null ? {} : { waitsFor: plan.waitsFor }),
    backups: plan.decisions.filter((each) => told.has(each)).map(({ backupId, outcome, sentence }) => ({ backupId, outcome, sentence: cut(sentence) })),
    trash: plan.trash.slice(0, toldBackups).map(({ backupId, outcome, sentence }) => ({ backupId, outcome, sentence: cut(sentence) })),
    logs: plan.logs.map(({ component, systemIdentifier, removes, offersBack, leaves, sentence }) => ({ component, systemIdentifier, removes: removes.length, offersBack: offersBack.length, leaves: leaves.length, sentence: cut(sentence) })),
    aofs: plan.aofs.map(({ component, bases, increments, sentence }) => ({ component, bases: bases.length, increments: increments.length, sentence: cut(sentence) })),
    remarks: plan.remarks.slice(0, toldRemarks).map((remark) => cut(remark)),
    counts: { kept: kept.length, removed: removed.length, offeredBack: plan.trash.filter(({ outcome }) => outcome === 'offerBack').length, leaving: plan.trash.filter(({ outcome }) => outcome === 'leaves').length },
    leftOut: plan.decisions.length - told.size,
  };
}

/** Does carrying it out change anything? */
export const changesAnything = ({ counts, logs, aofs }: PrunePlan): boolean =>
  counts.removed + counts.offeredBack + counts.leaving + logs.reduce((sum, { removes, offersBack, leaves }) => sum + removes + offersBack + leaves, 0) + aofs.reduce((sum, { bases, increments }) => sum + bases + increments, 0) > 0;

const cut = (text: string): string => (text.length > toldCharacters ? `${text.slice(0, toldCharacters - 1)}…` : text);

export function rangesOf(segments: readonly Segment[]): readonly SegmentRange[] {
  const ranges: { timeline: number; first: bigint; last: bigint }[] = [];
  for (const { timeline, number } of segments.toSorted((a, b) => a.timeline - b.timeline || (a.number < b.number ? -1 : 1))) {
    const range = ranges.at(-1);
    if (range !== undefined && range.timeline === timeline && number <= range.last + 1n) range.last = number;
    else ranges.push({ timeline, first: number, last: number });
  }
  return ranges.map(({ timeline, first, last }) => ({ timeline, first: String(first), last: String(last) }));
}

export const isWithin = (ranges: readonly SegmentRange[], { timeline, number }: Segment): boolean =>
  ranges.some((range) => range.timeline === timeline && number >= BigInt(range.first) && number <= BigInt(range.last));
