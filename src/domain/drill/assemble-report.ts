/** From what a drill did and measured to its report: verdict, times, objectives and trend follow from the facts, and from nothing else. Pure. */
import { overallVerdict } from '../proof.ts';
import { checkName, judgeChecks, type DrillCheck } from './check.ts';
import type { CheckClass } from './check-class.ts';
import { coldStart } from './cold-start.ts';
import type { FoundKey } from './drill-keys.ts';
import { drillReportFormat, drillSentence, rebuiltReportFormat, sampleOf, type DrillReport } from './drill-report.ts';
import { judgeObjectives, type Objectives, type PromisedLoss } from './objectives.ts';
import { lostTime, recoveryTimes, type RecoveryFacts } from './recovery-times.ts';
import { oldestCoverage, type StoreCoverage } from './store-coverage.ts';
import { drillTrend, type DrillSample } from './trend.ts';

/** What follows from the rest is not among them. */
type Given = Omit<DrillReport, 'format' | 'verdict' | 'sentence' | 'checks' | 'times' | 'objectives' | 'trend' | 'keepUntil' | 'rebuilt'>;

export interface DrillFacts extends Given {
  /** The checks that gave an answer. */
  readonly answered: readonly DrillCheck[];
  /** Why others gave none, where something ended the drill. */
  readonly missing?: CheckClass;
  /** Of a drill that began with nothing: the keys that it asked for. */
  readonly keys?: readonly FoundKey[];
  readonly approvedAt: string | null;
  /** When the last of the checks passed; null where none did. */
  readonly lastCheckPassedAt: string | null;
  /** Of each store that came back, the newest instant of which everything is there again. */
  readonly stores: readonly StoreCoverage[];
  readonly laterTransactions: string | null;
  readonly objectives: Objectives;
  /** How long the backup took that was brought back, by its manifest; null where nothing was. */
  readonly backupMs: number | null;
  /** Of past drills of the service, of any kind. */
  readonly past: readonly DrillSample[];
  /** Of the live data today; null where nobody knows. */
  readonly todayBytes: number | null;
  readonly keepMs: number;
}

const contentProven = (checks: readonly DrillCheck[]): boolean => overallVerdict(checks.filter(({ name }) => name.startsWith(`${checkName('content')}:`))) === 'proven';

export function assembleReport({ answered, missing, keys, approvedAt, lastCheckPassedAt, stores, laterTransactions, objectives, backupMs, past, todayBytes, keepMs, ...given }: DrillFacts): DrillReport {
  const { kind, choice, disaster, drillId, requestedAt, phases, expectedChecks, components } = given;
  const { verdict, checks } = judgeChecks(given.expectedChecks, answered, missing);
  const facts: RecoveryFacts = { disaster, approvedAt, lastCheckPassedAt, verdict, covered: oldestCoverage(stores), newest: choice.kind === 'latest', laterTransactions, contentProven: contentProven(checks) };
  const times = recoveryTimes(facts);
  const decided = { ...given, verdict, checks, times };
  const rebuilt = keys === undefined ? {} : { rebuilt: { keys, coldStart: coldStart({ requestedAt, phases, checks, expectedChecks, components: components.map(({ component }) => component) }) } };
  return {
    ...decided, ...rebuilt,
    format: keys === undefined ? drillReportFormat : rebuiltReportFormat,
    sentence: drillSentence(kind, verdict, checks),
    objectives: judgeObjectives({ kind, objectives, phases: given.phases, times, loss: promisedLoss(facts, stores), backupMs }),
    // A step that is done again must not count its own drill twice.
    trend: drillTrend(kind, [...past.filter((sample) => sample.drillId !== drillId), sampleOf(decided)], todayBytes),
    keepUntil: new Date(Date.parse(given.finishedAt) + keepMs).toISOString(),
  };
}

/** All of them are told, and those judged of which something is promised. */
function promisedLoss(facts: RecoveryFacts, stores: readonly StoreCoverage[]): PromisedLoss | null {
  const promised = stores.filter((store) => store.promised);
  if (promised.length === 0 && stores.length > 0) return null;
  return { measured: lostTime({ ...facts, covered: oldestCoverage(promised) }), of: promised.length === stores.length ? [] : promised.map(({ component }) => component) };
}
