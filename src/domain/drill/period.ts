/** All drills of a period, over all services: who was drilled, who was not, and what came of it. Pure. */
import type { Verdict } from '../proof.ts';
import type { Standing } from '../status/finding.ts';
import type { DueDrill } from './due-drills.ts';
import { dueWindows, type DueWindow } from './due-windows.ts';
import type { DrillKind } from './objectives.ts';

export interface Period {
  /** `2026Q4`, `2026-11`, `2026`. */
  readonly label: string;
  /** From this instant on, up to before the other: milliseconds since the epoch, whole months in UTC. */
  readonly fromMs: number;
  readonly toMs: number;
}

export const periodAllowed = 'allowed is a quarter (2026Q4), a month (2026-11) or a year (2026)';

export function parsePeriod(text: string): Period | null {
  const [, year = '', quarter, month] = /^(20\d{2})(?:Q([1-4])|-(0[1-9]|1[0-2]))?$/.exec(text) ?? [];
  if (year === '') return null;
  const [first, months] = quarter !== undefined ? [(Number(quarter) - 1) * 3, 3] : month !== undefined ? [Number(month) - 1, 1] : [0, 12];
  return { label: text, fromMs: Date.UTC(Number(year), first, 1), toMs: Date.UTC(Number(year), first + months, 1) };
}

/** A drill as its report, or the lack of one, tells it. */
export interface PeriodDrill {
  readonly drillId: string;
  readonly kind: DrillKind;
  readonly beganAt: string;
  /** Null for one that ended, or still runs, without a report. */
  readonly verdict: Verdict | null;
  readonly rtoMs: number | null;
  readonly rpoMs: number | null;
  /** Objectives that were missed, a sentence each. */
  readonly breaches: readonly string[];
  /** Does its signature hold, by a key that is trusted? Else it counts for nothing. */
  readonly signed: boolean;
  /** Why it counts for nothing; null where it does, and where there is no report. */
  readonly problem: string | null;
  /** Of the report as it is stored, and the fingerprint of whoever signed it; null where there is none, or it cannot be read. */
  readonly reportSha256: string | null;
  readonly signedBy: string | null;
}

/** `notDue`: there was no backup yet when it should have started. */
export type WindowState = 'proven' | 'failed' | 'couldNotVerify' | 'missed' | 'notYet' | 'notDue';

/** One span in which a drill of a kind was due. */
export interface Window {
  readonly kind: DrillKind;
  /** As of {@link DueWindow}. */
  readonly label: string;
  readonly state: WindowState;
  readonly drills: readonly string[];
}

export interface ServicePeriod {
  readonly service: string;
  /** Since when it is backed up; null where it never was. */
  readonly since: string | null;
  readonly windows: readonly Window[];
  readonly drills: readonly PeriodDrill[];
}

export interface ServiceFacts {
  readonly service: string;
  readonly since: string | null;
  /** What starts drills of it by itself. */
  readonly due: readonly DueDrill[];
  /** All of the service's, of any time. */
  readonly drills: readonly PeriodDrill[];
}

export function servicePeriod({ service, since, due, drills }: ServiceFacts, period: Period, nowMs: number): ServicePeriod {
  const inside = drills.filter(({ beganAt }) => within(beganAt, period.fromMs, period.toMs));
  const sinceMs = since === null ? Infinity : Date.parse(since);
  return { service, since, drills: inside, windows: due.flatMap((each) => dueWindows(each, period).map((window) => judge(each.kind, window, drills, sinceMs, nowMs))) };
}

const within = (instant: string, fromMs: number, toMs: number): boolean => Date.parse(instant) >= fromMs && Date.parse(instant) < toMs;

/**
 * The newest answer of the span counts: a failure that was put right and drilled again is proven, and one after a success is not covered up by it. One that
 * gave no answer counts only where no other did. What came after the last start could not have been drilled then.
 */
function judge(kind: DrillKind, { label, fromMs, toMs, lastStartMs }: DueWindow, drills: readonly PeriodDrill[], sinceMs: number, nowMs: number): Window {
  const made = drills.filter((drill) => drill.kind === kind && within(drill.beganAt, fromMs, toMs)).sort((a, b) => Date.parse(a.beganAt) - Date.parse(b.beganAt));
  const answered = made.filter(({ verdict, signed }) => signed && (verdict === 'proven' || verdict === 'failed'));
  const unmade = lastStartMs === null || lastStartMs < sinceMs ? 'notDue' : nowMs >= toMs ? 'missed' : 'notYet';
  return { kind, label, state: answered.at(-1)?.verdict ?? (made.length > 0 ? 'couldNotVerify' : unmade), drills: made.map(({ drillId }) => drillId) };
}

export interface PeriodSummary {
  readonly services: number;
  /** Services with a proven drill in the period. */
  readonly drilled: readonly string[];
  readonly notDrilled: readonly string[];
  /** Services that were never backed up: nothing of them was due, and nothing of them would come back. */
  readonly neverBackedUp: readonly string[];
  readonly drills: number;
  readonly proven: number;
  readonly failed: number;
  readonly couldNotVerify: number;
  readonly withoutReport: number;
  /** Reports that count for nothing. */
  readonly unsigned: number;
  readonly missedWindows: readonly string[];
  readonly breaches: readonly string[];
  /** Approvals that somebody went past. */
  readonly brokenGlass: readonly string[];
}

/** Why there is never an entry. */
export const noBrokenGlass = 'none is possible; this version has no way past an approval';

export function summarize(services: readonly ServicePeriod[]): PeriodSummary {
  const all = services.flatMap(({ drills }) => drills);
  const believed = all.filter(({ signed }) => signed);
  const count = (verdict: Verdict): number => believed.filter((drill) => drill.verdict === verdict).length;
  const provenHere = ({ drills }: ServicePeriod): boolean => drills.some(({ verdict, signed }) => signed && verdict === 'proven');
  return {
    services: services.length, drilled: services.filter(provenHere).map(({ service }) => service), notDrilled: services.filter((each) => !provenHere(each)).map(({ service }) => service),
    neverBackedUp: services.filter(({ since }) => since === null).map(({ service }) => service),
    drills: all.length, proven: count('proven'), failed: count('failed'), couldNotVerify: count('couldNotVerify'),
    withoutReport: all.filter(({ verdict }) => verdict === null).length, unsigned: all.filter(({ verdict, signed }) => verdict !== null && !signed).length,
    missedWindows: services.flatMap(({ service, windows }) => windows.filter(({ state }) => state === 'missed').map(({ kind, label }) => `${service}: ${kind} ${label}`)),
    breaches: services.flatMap(({ service, drills }) => drills.flatMap(({ drillId, breaches, signed }) => (signed ? breaches.map((breach) => `${service} ${drillId}: ${breach}`) : []))),
    brokenGlass: [],
  };
}

/** For whoever is to be told only where somebody has to look: a failure that was put right is none, an objective that was missed is one. */
export function standingOfPeriod(services: readonly ServicePeriod[], { missedWindows, breaches, unsigned, neverBackedUp }: PeriodSummary): Standing {
  const states = services.flatMap(({ windows }) => windows.map(({ state }) => state));
  if (states.includes('failed') || [missedWindows, breaches, neverBackedUp].some(({ length }) => length > 0) || unsigned > 0) return 'wrong';
  return states.includes('couldNotVerify') ? 'notKnown' : 'well';
}

/** What such a report is evidence for. Whether a control is met is for an auditor to say. */
export const controls: readonly { readonly control: string; readonly asks: string; readonly evidence: string }[] = [
  { control: 'ISO/IEC 27001:2022 A.8.13', asks: 'backup copies are kept and regularly tested', evidence: 'which backups were restored and compared, when, and with what verdict' },
  { control: 'SOC 2 A1.2', asks: 'data back-up processes and recovery infrastructure are maintained and monitored', evidence: 'drills that were due and were not made, checks that failed, objectives that were missed' },
  { control: 'SOC 2 A1.3', asks: 'recovery procedures are tested', evidence: 'whole recoveries with measured RTO and RPO, each with its signed report' },
];
