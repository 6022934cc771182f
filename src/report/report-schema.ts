/** The shape of a stored report: what does not have it is not shown, not verified, and in no trend. */
import { z } from 'zod';
import { isCheckClass, type CheckClass } from '../domain/drill/check-class.ts';
import { drillReportFormat, rebuiltReportFormat, type DrillReport } from '../domain/drill/drill-report.ts';
import { drillKinds, drillPhases, objectiveNames } from '../domain/drill/objectives.ts';
import { directions } from '../domain/drill/trend.ts';
import { isBackupId, isName } from '../domain/identifiers.ts';
import { signedReportFormat, type SignedReport } from './signed-report.ts';

const text = z.string().max(4_000);
const count = z.int().min(0);
const instant = z.string().refine((value) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/.test(value) && !Number.isNaN(Date.parse(value)), { error: 'it is no instant in UTC' });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().refine(isName, { error: 'it is no name' });
const verdict = z.enum(['proven', 'failed', 'couldNotVerify']);
const kind = z.enum(drillKinds);
const list = <T extends z.ZodType>(of: T) => z.array(of).max(10_000);

const span = z.strictObject({ at: instant, what: text });
const measured = z.union([z.strictObject({ ms: count, from: span, to: span }), z.strictObject({ ms: z.null(), why: text })]);
const sample = z.strictObject({ drillId: z.string().refine(isBackupId), kind, finishedAt: instant, verdict, sizeBytes: count, rtoMs: count.nullable(), rpoMs: count.nullable() });
const course = z.strictObject({ measured: count, newestMs: count.nullable(), medianMs: count.nullable(), direction: z.enum(directions) });

const trend = z.strictObject({
  kind, drills: count, proven: count, rto: course, rpo: course,
  projection: z.union([z.strictObject({ ms: count, sizeBytes: count, drills: count, method: text, beyond: z.boolean() }), z.strictObject({ ms: z.null(), why: text })]),
  samples: list(sample),
});

const component = z.strictObject({
  component: name, engine: z.enum(['postgres', 'redis']), depth: z.enum(['dump', 'base', 'baseAndLog', 'rdb', 'aof']), backupId: text, manifestSha256: sha256, point: instant, sizeBytes: count,
  versions: z.strictObject({ backup: text, drill: text.nullable() }), image: z.strictObject({ name: text, backupId: text, drillId: text.nullable() }),
  log: z.strictObject({ timeline: count, from: text, to: text, segments: count }).exactOptional(),
  comparedObjects: count,
  differences: list(z.strictObject({ object: text, property: text, expected: text, found: text })),
  notCompared: list(z.strictObject({ object: text, reason: text })),
});

const check = z.strictObject({ name: text, component: text.nullable(), class: z.custom<CheckClass>((value) => typeof value === 'string' && isCheckClass(value), { error: 'it is no class of a check' }), verdict, sentence: text, next: text });

const choice = z.union([
  z.strictObject({ kind: z.literal('latest') }),
  z.strictObject({ kind: z.literal('randomWithin'), days: count, candidates: count }),
  z.strictObject({ kind: z.literal('named'), asked: text }),
]);

const tests = z.strictObject({
  image: text, imageId: text.nullable(), command: list(text), exitCode: z.int().nullable(), durationMs: count,
  output: z.strictObject({ sizeBytes: count, sha256, cut: z.boolean() }).nullable(),
});

const first = z.strictObject({
  format: z.literal(drillReportFormat), drillId: z.string().refine(isBackupId, { error: 'it is no id' }), service: name, serviceVersion: text.nullable(), kind, verdict, sentence: text,
  startedBy: z.strictObject({ identity: text, by: z.enum(['person', 'schedule', 'workflow']), reason: text.nullable() }),
  run: z.strictObject({ namespaceId: text, workflowId: text, runId: text }),
  host: name, repository: z.strictObject({ name, id: text, location: text }), choice,
  requestedAt: instant, beganAt: instant, finishedAt: instant,
  components: list(component), expectedChecks: list(text), checks: list(check), tests: tests.nullable(),
  phases: list(z.strictObject({ phase: z.enum(drillPhases), component: text.nullable(), beganAt: instant, finishedAt: instant, outcome: z.enum(['done', 'failed', 'stopped']) })),
  disaster: z.strictObject({ at: instant, source: z.enum(['since', 'firstFailedHealthCheck', 'request']) }),
  times: z.strictObject({ rto: measured, rtoFromApproval: measured, rpo: measured, laterTransactions: z.string().regex(/^\d{1,30}$/).nullable() }),
  objectives: list(z.strictObject({ objective: z.enum(objectiveNames), what: text, limitMs: count, measuredMs: count.nullable(), result: z.enum(['met', 'missed', 'notMeasured']), why: text })),
  trend,
  cleanUp: z.strictObject({ outcome: z.enum(['clean', 'leftovers', 'notDone']), removed: count, leftovers: list(text) }),
  inputs: list(z.strictObject({ what: text, path: text.nullable(), sha256 })),
  inForce: z.strictObject({ configurationSha256: sha256, policySha256: sha256 }),
  versions: z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,30}$/), text),
  keepUntil: instant,
});

const second = first.extend({
  format: z.literal(rebuiltReportFormat),
  rebuilt: z.strictObject({ keys: list(z.strictObject({ name, place: text, found: z.boolean(), why: text })), coldStart: measured }),
});

/** Every format that was ever written is read on. */
const report = z.discriminatedUnion('format', [first, second]) satisfies z.ZodType<DrillReport>;

export const signedReportSchema: z.ZodType<SignedReport> = z.strictObject({
  format: z.literal(signedReportFormat),
  report,
  signature: z.strictObject({ algorithm: z.literal('ed25519'), publicKey: z.string().max(200), fingerprint: z.string().max(60), value: z.string().max(100) }),
});

/** What of a report's shape is wrong, or null. */
export function reportProblem(value: unknown): string | null {
  const result = report.safeParse(value);
  const issue = result.error?.issues[0];
  return issue === undefined ? null : `${issue.path.join('.')}: ${issue.message}`;
}
