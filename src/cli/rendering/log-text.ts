/** How a log stands, in lines and in one verdict. Pure. */
import { productionTiming, type Timing } from '../../domain/timing.ts';
import { alarmsOf, isKept, type LogAlarmKind } from '../../domain/wal/log-alarms.ts';
import type { LogStatus, PlaceExposure } from '../../domain/wal/log-status.ts';
import type { BaseStanding } from '../../domain/wal/needed-base.ts';
import { durationText, sizeText } from '../../domain/wording.ts';
import { localTime } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';

export interface JudgedLog {
  readonly verdict: 'ok' | 'FAIL' | 'NOT KNOWN';
  readonly sentence: string;
}

/** What is said by a verdict of its own where nothing worse is; a slot without a limit has its line. */
const acute: readonly LogAlarmKind[] = ['slotEnding', 'spoolFilling', 'exposed'];

/** Three answers, as everywhere: what is not known is no pass. */
export function judgeLog(status: LogStatus | null, nowMs: number, objectives: Pick<Timing, 'walOnHostExposureMs' | 'walExposureMs' | 'walArchiveExposureMs'> = productionTiming, standing: BaseStanding | null = null): JudgedLog {
  if (status === null) return { verdict: 'NOT KNOWN', sentence: 'no worker of this machine has kept it yet: holdfast up, or holdfast worker' };
  const ageMs = nowMs - Date.parse(status.lookedAt);
  if (!isKept(status, nowMs)) return { verdict: 'NOT KNOWN', sentence: `nobody has looked after it for ${durationText(ageMs)}: holdfast up, or holdfast worker` };
  const alarms = alarmsOf(status, nowMs, objectives);
  // A database that stops for want of room is worse than anything that its log lacks.
  const filling = alarms.find(({ kind }) => kind === 'walDiskFilling');
  if (filling !== undefined) return { verdict: 'FAIL', sentence: `${filling.sentence}. ${filling.next}` };
  if (status.failure !== null) return { verdict: 'FAIL', sentence: notKept(status, status.failure) };
  const away = status.repositories.find(({ failure }) => failure !== null);
  if (away?.failure != null) return { verdict: 'FAIL', sentence: `${away.name} does not get it: ${away.failure.cause}. ${away.failure.hint}` };
  if (status.receiver === 'waitingForDatabase') return { verdict: 'NOT KNOWN', sentence: 'the database does not run' };
  const alarm = alarms.find(({ kind }) => acute.includes(kind));
  if (alarm !== undefined) return { verdict: 'FAIL', sentence: `${alarm.sentence}. ${alarm.next}` };
  if (standing?.cause != null) return { verdict: 'FAIL', sentence: `it leads on from no base backup: ${standing.cause.reason}. archiveWal takes one (holdfast show holdfast/wal/${status.service}); by hand: holdfast backup --kind base` };
  const untold = [status.onHost, ...status.repositories].some(({ exposureMs }) => exposureMs === null);
  return untold ? { verdict: 'NOT KNOWN', sentence: 'how much would be lost is not known yet' } : { verdict: 'ok', sentence: status.by === 'archive' ? 'it is archived and kept' : 'it is received and kept' };
}

const notKept = ({ by }: Pick<LogStatus, 'by'>, { cause, hint }: NonNullable<LogStatus['failure']>): string => `it is not ${by === 'archive' ? 'archived' : 'received'}: ${cause}. ${hint}`;

export function logLines({ service, component, status, judged, standing = null }: { readonly service: string; readonly component: string; readonly status: LogStatus | null; readonly judged: JudgedLog; readonly standing?: BaseStanding | null }, { timeZone }: PlanClock): readonly string[] {
  const heading = `${service} · ${component}: ${judged.verdict === 'ok' ? '' : `${judged.verdict}, `}${judged.sentence}`;
  if (status === null) return [heading];
  return [
    heading,
    ...(status.failure === null || judged.sentence.includes(status.failure.cause) ? [] : [`  ${notKept(status, status.failure)}`]),
    ...(status.source === null ? [] : [`  the server is at ${status.source.position} on timeline ${status.source.timeline}`]),
    `  on this host: ${placeText(status.onHost, timeZone)}`,
    ...status.repositories.map((place) => `  ${place.name}: ${placeText(place, timeZone)}`),
    ...(status.slot.state === null ? [] : [`  slot ${status.slot.state}, ${status.slot.roomBytes === null ? 'with no limit set: a receiver that stays away fills the server\'s disk (max_slot_wal_keep_size)' : `${sizeText(Number(status.slot.roomBytes))} until it is lost`}`]),
    ...(status.serverRoom == null ? [] : [`  the server's own log: ${status.serverRoom.walBytes === null ? '' : `${sizeText(status.serverRoom.walBytes)} in pg_wal, `}${sizeText(status.serverRoom.freeBytes)} of ${sizeText(status.serverRoom.sizeBytes)} free there`]),
    ...(status.spoolBytes === 0 ? [] : [`  ${sizeText(status.spoolBytes)} wait on this host`]),
    ...(standing?.base == null ? [] : [`  it leads on from base backup ${standing.base.backupId}${status.break === null ? '' : `, taken since the break at segment ${status.break.segment} (${localTime(status.break.at, timeZone)}: ${status.break.reason})`}`]),
    ...(status.break === null || standing?.base != null ? [] : [`  BROKEN at segment ${status.break.segment} (${localTime(status.break.at, timeZone)}): ${status.break.reason}. Moments behind it need a base backup taken since: holdfast backup --kind base`]),
  ];
}

function placeText({ durable, coveredAt, exposureMs, exposureBytes }: PlaceExposure, timeZone: string): string {
  if (durable === null) return 'nothing yet';
  if (exposureMs === 0) return `everything, up to ${durable}`;
  const bytes = `${sizeText(Number(exposureBytes))} missing behind ${durable}`;
  return exposureMs === null || coveredAt === null ? `${bytes}; since when is not known` : `${durationText(exposureMs)} would be lost (${bytes}, covered until ${localTime(coveredAt, timeZone)})`;
}
