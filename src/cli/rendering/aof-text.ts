/** How an append-only file is archived, in lines and in one verdict. Pure. */
import type { AofStatus } from '../../domain/aof/aof-status.ts';
import type { Timing } from '../../domain/timing.ts';
import { staleMs } from '../../domain/wal/log-alarms.ts';
import { durationText } from '../../domain/wording.ts';
import { localTime } from './local-time.ts';
import type { JudgedLog } from './log-text.ts';
import type { PlanClock } from './plan-text.ts';

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

export function aofLines({ service, component, status, judged }: { readonly service: string; readonly component: string; readonly status: AofStatus | null; readonly judged: JudgedLog }, { timeZone }: PlanClock): readonly string[] {
  const heading = `${service} · ${component}: ${judged.verdict === 'ok' ? '' : `${judged.verdict}, `}${judged.sentence}`;
  return [heading, ...(status?.repositories ?? []).map(({ name, coveredAt }) => `  ${name}: ${coveredAt === null ? 'not known' : `everything until ${localTime(coveredAt, timeZone)}`}`)];
}
