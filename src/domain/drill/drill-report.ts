/**
 * What a drill leaves: one document, format 1 or 2, that says what was restored from where, what was checked and what came of it. It is signed and kept for years
 * (docs/drill-reports.md), so nothing in it is ever renamed, and it holds no row of data and no secret. Whole numbers only, for canonical JSON. Pure.
 */
import type { NotCompared } from '../backup-manifest.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { Difference } from '../content.ts';
import type { EngineName } from '../engine-name.ts';
import type { Verdict } from '../proof.ts';
import type { RunOwner } from '../run-owner.ts';
import { checkTitle, type DrillCheck } from './check.ts';
import type { FoundKey } from './drill-keys.ts';
import type { DrillKind, DrillPhase, JudgedObjective } from './objectives.ts';
import type { Disaster, Measured, RecoveryTimes } from './recovery-times.ts';
import type { DrillSample, DrillTrend } from './trend.ts';

export const drillReportFormat = 1;
/** Of a drill that began with nothing: what a reader of format 1 does not know. A report has the lowest format that can say it. */
export const rebuiltReportFormat = 2;

/** Seven years, as books are kept. */
export const defaultKeepMs = 2_557 * 86_400_000;

/** Which backup was taken: the newest, one by chance of the last so many days, or the one that was named. */
export type DrillChoice =
  | { readonly kind: 'latest' }
  | { readonly kind: 'randomWithin'; readonly days: number; /** How many there were to choose from. */ readonly candidates: number }
  | { readonly kind: 'named'; readonly asked: string };

export interface DrilledComponent {
  readonly component: string;
  readonly engine: EngineName;
  /** How deep it went: a dump loaded, a copied server started, the same with the log replayed behind it; a Redis file loaded. */
  readonly depth: 'dump' | 'base' | 'baseAndLog' | 'rdb' | 'aof';
  readonly backupId: string;
  readonly manifestSha256: string;
  /** The newest instant that what came up covers. */
  readonly point: string;
  /** Bytes of the live data when it was backed up. */
  readonly sizeBytes: number;
  /** The server's version text, in the backup and in the drill. */
  readonly versions: { readonly backup: string; readonly drill: string | null };
  readonly image: { readonly name: string; readonly backupId: string; readonly drillId: string | null };
  /** Of the log that was replayed behind it; absent where none was. */
  readonly log?: { readonly timeline: number; readonly from: string; readonly to: string; readonly segments: number };
  readonly comparedObjects: number;
  /** Bounded, as in a proof; objects' names, counts and hashes. */
  readonly differences: readonly Difference[];
  readonly notCompared: readonly NotCompared[];
}

export interface DrillInput {
  /** `manifest`, `dump`, `base`, `log`, `configuration of the application's tests`, … */
  readonly what: string;
  /** Its path in the repository, or null where it is none of the repository. */
  readonly path: string | null;
  readonly sha256: string;
}

export interface ApplicationTests {
  readonly image: string;
  readonly imageId: string | null;
  readonly command: readonly string[];
  /** Null where they did not come to their end. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** The output itself is not in the report: it may show data. Of what was kept, redacted. */
  readonly output: { readonly sizeBytes: number; readonly sha256: string; readonly cut: boolean } | null;
}

/** Of a service that was brought up from nothing but a repository. */
export interface Rebuilt {
  /** Keys that the service needs and no backup holds, in the order of the configuration. */
  readonly keys: readonly FoundKey[];
  /** From nothing until it answered. */
  readonly coldStart: Measured;
}

export interface DrillCleanUp {
  /** `leftovers`: something could not be removed; the reaper goes on. `notDone`: it could not be begun, or the drill ended before it. */
  readonly outcome: 'clean' | 'leftovers' | 'notDone';
  readonly removed: number;
  /** Names of what is still there. */
  readonly leftovers: readonly string[];
}

export interface DrillReport {
  readonly format: typeof drillReportFormat | typeof rebuiltReportFormat;
  readonly drillId: string;
  readonly service: string;
  readonly serviceVersion: string | null;
  readonly kind: DrillKind;
  readonly verdict: Verdict;
  /** The whole in a sentence. */
  readonly sentence: string;
  readonly startedBy: { readonly identity: string; readonly by: 'person' | 'schedule' | 'workflow'; readonly reason: string | null };
  readonly run: RunOwner;
  readonly host: string;
  readonly repository: { readonly name: string; readonly id: string; readonly location: string };
  readonly choice: DrillChoice;
  readonly requestedAt: string;
  readonly beganAt: string;
  readonly finishedAt: string;
  readonly components: readonly DrilledComponent[];
  /** Names of the checks that the plan promised, whether or not they answered. */
  readonly expectedChecks: readonly string[];
  readonly checks: readonly DrillCheck[];
  readonly tests: ApplicationTests | null;
  /** Of a rebuild or a failover; then, and only then, the format is {@link rebuiltReportFormat}. */
  readonly rebuilt?: Rebuilt;
  readonly phases: readonly DrillPhase[];
  readonly disaster: Disaster;
  readonly times: RecoveryTimes;
  readonly objectives: readonly JudgedObjective[];
  readonly trend: DrillTrend;
  readonly cleanUp: DrillCleanUp;
  readonly inputs: readonly DrillInput[];
  /** SHA-256 over the canonical JSON of the service's configuration, and of the policies for proving, keeping and approving, as they were in force. */
  readonly inForce: { readonly configurationSha256: string; readonly policySha256: string };
  /** By program: `holdfast`, `node`, `docker`, `temporal`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Nothing of Holdfast's removes the report before. */
  readonly keepUntil: string;
}

/** The bytes that are signed; the first line keeps the signature of a report from ever being taken for that of another document. */
export const reportBytes = (report: DrillReport): string => `holdfast-drill-report-v1\n${canonicalJson(report)}`;

/** What this drill adds to the trend of later ones. */
export const sampleOf = ({ drillId, kind, finishedAt, verdict, components, times }: Pick<DrillReport, 'drillId' | 'kind' | 'finishedAt' | 'verdict' | 'components' | 'times'>): DrillSample =>
  ({ drillId, kind, finishedAt, verdict, sizeBytes: components.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), rtoMs: times.rto.ms, rpoMs: times.rpo.ms });

/** What lies in the report of a drill as a sentence: its verdict in words, and why. */
export function drillSentence(kind: DrillKind, verdict: Verdict, checks: readonly DrillCheck[]): string {
  const of = (wanted: Verdict): readonly DrillCheck[] => checks.filter((check) => check.verdict === wanted);
  const [failed, open] = [of('failed'), of('couldNotVerify')];
  if (verdict === 'failed') return `The ${kind} drill failed: ${names(failed)}.`;
  if (verdict === 'couldNotVerify') return checks.length === 0 ? `The ${kind} drill could not check anything.` : `The ${kind} drill could not tell: ${names(open)}.`;
  return `The service came back, and ${checks.length === 1 ? 'the one check' : `all ${checks.length} checks`} passed.`;
}

const namedAtMost = 4;

function names(checks: readonly DrillCheck[]): string {
  const titles = [...new Set(checks.map(({ name }) => checkTitle(name)))];
  return `${titles.slice(0, namedAtMost).join(', ')}${titles.length > namedAtMost ? ` and ${titles.length - namedAtMost} more` : ''}`;
}
