/** All drills of a period, over all services: who was drilled, who was not, and what came of it. Pure. */
import type { Verdict } from '../proof.ts';
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

/** How often each kind is due, in months: a restore each month, a rebuild each quarter, a failover each year. */
const everyMonths: Readonly<Record<DrillKind, number>> = { restore: 1, rebuild: 3, failover: 12 };

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
  /** Does its signature hold? One that does not counts for nothing. */
  readonly signed: boolean;
}

export type WindowState = 'proven' | 'failed' | 'couldNotVerify' | 'missed' | 'notYet';

/** One span in which a drill of a kind was due. */
export interface Window {
  readonly kind: DrillKind;
  /** `2026-10`, `2026Q4`, `2026`. */
  readonly label: string;
  readonly state: WindowState;
  readonly drills: readonly string[];
}

export interface ServicePeriod {
  readonly service: string;
  readonly windows: readonly Window[];
  readonly drills: readonly PeriodDrill[];
}

/**
 * @param expected kinds that are due for this service
 * @param drills all of the service's, of any time
 */
export function servicePeriod(service: string, expected: readonly DrillKind[], drills: readonly PeriodDrill[], period: Period, nowMs: number): ServicePeriod {
  const inside = drills.filter(({ beganAt }) => within(beganAt, period.fromMs, period.toMs));
  return { service, drills: inside, windows: expected.flatMap((kind) => windowsOf(kind, period).map((window) => judge(kind, window, drills, nowMs))) };
}

const within = (instant: string, fromMs: number, toMs: number): boolean => Date.parse(instant) >= fromMs && Date.parse(instant) < toMs;

/** Every span of this kind that overlaps the period: a yearly drill is due in each of the year's quarters until it was made. */
function windowsOf(kind: DrillKind, { fromMs, toMs }: Period): readonly Period[] {
  const months = everyMonths[kind];
  const from = new Date(fromMs);
  const windows: Period[] = [];
  for (let first = Math.floor(from.getUTCMonth() / months) * months; ; first += months) {
    const [begins, ends] = [Date.UTC(from.getUTCFullYear(), first, 1), Date.UTC(from.getUTCFullYear(), first + months, 1)];
    if (begins >= toMs) return windows;
    windows.push({ label: labelOf(begins, months), fromMs: begins, toMs: ends });
  }
}

function labelOf(beginsMs: number, months: number): string {
  const date = new Date(beginsMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return months === 12 ? `${year}` : months === 3 ? `${year}Q${month / 3 + 1}` : `${year}-${String(month + 1).padStart(2, '0')}`;
}

/**
 * The newest answer of the span counts: a failure that was put right and drilled again is proven, and one after a success is not covered up by it. One that
 * gave no answer counts only where no other did.
 */
function judge(kind: DrillKind, { label, fromMs, toMs }: Period, drills: readonly PeriodDrill[], nowMs: number): Window {
  const made = drills.filter((drill) => drill.kind === kind && within(drill.beganAt, fromMs, toMs)).sort((a, b) => Date.parse(a.beganAt) - Date.parse(b.beganAt));
  const answered = made.filter(({ verdict, signed }) => signed && (verdict === 'proven' || verdict === 'failed'));
  const state = answered.at(-1)?.verdict ?? (made.length > 0 ? 'couldNotVerify' : nowMs >= toMs ? 'missed' : 'notYet');
  return { kind, label, state, drills: made.map(({ drillId }) => drillId) };
}

export interface PeriodSummary {
  readonly services: number;
  /** Services with a proven drill in the period. */
  readonly drilled: readonly string[];
  readonly notDrilled: readonly string[];
  readonly drills: number;
  readonly proven: number;
  readonly failed: number;
  readonly couldNotVerify: number;
  readonly withoutReport: number;
  /** Reports whose signature does not hold. */
  readonly unsigned: number;
  readonly missedWindows: readonly string[];
  readonly breaches: readonly string[];
}

export function summarize(services: readonly ServicePeriod[]): PeriodSummary {
  const all = services.flatMap(({ drills }) => drills);
  const believed = all.filter(({ signed }) => signed);
  const count = (verdict: Verdict): number => believed.filter((drill) => drill.verdict === verdict).length;
  const provenHere = ({ drills }: ServicePeriod): boolean => drills.some(({ verdict, signed }) => signed && verdict === 'proven');
  return {
    services: services.length, drilled: services.filter(provenHere).map(({ service }) => service), notDrilled: services.filter((each) => !provenHere(each)).map(({ service }) => service),
    drills: all.length, proven: count('proven'), failed: count('failed'), couldNotVerify: count('couldNotVerify'),
    withoutReport: all.filter(({ verdict }) => verdict === null).length, unsigned: all.filter(({ verdict, signed }) => verdict !== null && !signed).length,
    missedWindows: services.flatMap(({ service, windows }) => windows.filter(({ state }) => state === 'missed').map(({ kind, label }) => `${service}: ${kind} ${label}`)),
    breaches: services.flatMap(({ service, drills }) => drills.flatMap(({ drillId, breaches, signed }) => (signed ? breaches.map((breach) => `${service} ${drillId}: ${breach}`) : []))),
  };
}

/** What such a report is evidence for. Whether a control is met is for an auditor to say. */
export const controls: readonly { readonly control: string; readonly asks: string; readonly evidence: string }[] = [
  { control: 'ISO/IEC 27001:2022 A.8.13', asks: 'backup copies are kept and regularly tested', evidence: 'which backups were restored and compared, when, and with what verdict' },
  { control: 'SOC 2 A1.2', asks: 'data back-up processes and recovery infrastructure are maintained and monitored', evidence: 'drills that were due and were not made, checks that failed, objectives that were missed' },
  { control: 'SOC 2 A1.3', asks: 'recovery procedures are tested', evidence: 'whole recoveries with measured RTO and RPO, each with its signed report' },
];
