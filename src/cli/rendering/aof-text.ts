/** How an append-only file is archived, in lines and in one verdict. Pure. */
import type { AofStatus } from '../../domain/aof/aof-status.ts';
import type { Timing } from '../../domain/timing.ts';
import { staleMs } from '../../domain/wal/log-alarms.ts';
import { durationText } from '../../domain/wording.ts';
import type { AofSpan } from '../aof-spans.ts';
import { localTime } from './local-time.ts';
import type { JudgedLog } from './log-text.ts';
import type { PlanClock } from './plan-text.ts';

/** As wide as a backup's id: the times stand under each other. */
const headingCharacters = 15;
/** Looks come every few seconds, and are stored in batches: as fresh as that, they reach until now. */
const nowWithinMs = 600_000;

/** Three answers, as everywhere: what is not known is no pass. */
export function judgeAof(status: AofStatus | null, nowMs: number, { walExposureMs }: Pick<Timing, 'walExposureMs'>): JudgedLog {
  const start = 'holdfast up, or holdfast worker';
  if (status === null) return { verdict: 'NOT KNOWN', sentence: `no worker of this machine has followed its append-only file yet: ${start}` };
  const ageMs = nowMs - Date.parse(status.lookedAt);
  if (status.ended === true || ageMs > staleMs) return { verdict: 'NOT KNOWN', sentence: `nobody has looked after its append-only file for ${durationText(ageMs)}: ${start}` };
  if (status.failure !== null) return { verdict: 'FAIL', sentence: `seconds of it cannot be come back to: ${status.failure.cause}. ${status.failure.hint}` };
  const away = status.repositories.find(({ failure }) => failure !== null);
  if (away?.failure != null) return { verdict: 'FAIL', sentence: `${away.name} does not get its append-only file: ${away.failure.cause}. ${away.failure.hint}` };
  if (status.follower === 'waitingForDatabase') return { verdict: 'NOT KNOWN', sentence: 'the database does not run' };
  const behind = status.repositories.map(({ coveredAt }) => (coveredAt === null ? null : nowMs - Date.parse(coveredAt)));
  if (behind.includes(null)) return { verdict: 'NOT KNOWN', sentence: 'up to which second it can be come back to is not known yet' };
  const lateMs = Math.max(0, ...behind.map(Number));
  if (lateMs > walExposureMs) return { verdict: 'FAIL', sentence: `the archive of its append-only file is ${durationText(lateMs)} behind. See whether a rewrite, the repository or this machine takes so long` };
  return { verdict: 'ok', sentence: 'its append-only file is followed and kept' };
}

/** `WITH REDIS  Sun 15 Nov 03:04 … now (5 s behind)`: the seconds to which a store comes with the one that keeps a log. */
export function aofSpanLines(spans: readonly AofSpan[], { timeZone, now }: PlanClock): readonly string[] {
  return spans.map((span) => `  ${`WITH ${span.component.toUpperCase()}`.padEnd(headingCharacters)}  ${spanText(span, timeZone, Date.parse(now))}`);
}

function spanText({ begin, end, failure }: AofSpan, timeZone: string, nowMs: number): string {
  if (failure !== null) return `not known: ${failure.cause}. ${failure.hint}`;
  if (begin === null || end === null) return 'not yet: its append-only file is not archived so far (holdfast wal status)';
  const behindMs = Math.max(0, nowMs - Date.parse(end));
  const until = behindMs <= nowWithinMs ? `now (${durationText(behindMs)} behind)` : `${localTime(end, timeZone)} (${durationText(behindMs)} ago: holdfast wal status)`;
  return `${localTime(begin, timeZone)}  …  ${until}  from its append-only file`;
}

export function aofLines({ service, component, status, judged }: { readonly service: string; readonly component: string; readonly status: AofStatus | null; readonly judged: JudgedLog }, { timeZone }: PlanClock): readonly string[] {
  const heading = `${service} · ${component}: ${judged.verdict === 'ok' ? '' : `${judged.verdict}, `}${judged.sentence}`;
  return [heading, ...(status?.repositories ?? []).map(({ name, coveredAt }) => `  ${name}: ${coveredAt === null ? 'not known' : `everything until ${localTime(coveredAt, timeZone)}`}`)];
}
