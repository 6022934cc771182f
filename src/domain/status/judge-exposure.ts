/** How much would be lost now, against what the service promises itself. Pure. */
import { alarmsOf, type LogAlarmKind } from '../wal/log-alarms.ts';
import type { LogStatus } from '../wal/log-status.ts';
import { durationText } from '../wording.ts';
import { notKnown, wrong, type FindingKind, type StatusFinding } from './finding.ts';

export interface LogFacts {
  readonly component: string;
  /** What the worker of this machine wrote down last; null where it never did. */
  readonly status: LogStatus | null;
  /** Why the archived log leads on from no base backup; null where it does, or that is not known. */
  readonly baseMissing: string | null;
}

/** A slot without a limit has its line in `wal status`; whoever set it so meant it. */
const borne: readonly LogAlarmKind[] = ['slotUnlimited'];
const kindOf = (kind: LogAlarmKind): FindingKind => (kind === 'exposed' || kind === 'walDiskFilling' ? kind : 'logNotKept');

/** The log of one component. `rpoMs` is what may be lost in any place. */
export function judgeLog({ component, status, baseMissing }: LogFacts, rpoMs: number, nowMs: number): readonly StatusFinding[] {
  // Of another machine, perhaps: nothing is known of it here.
  if (status === null) return [notKnown('exposureUnknown', `the log of ${component} was never kept by a worker of this machine`, 'holdfast up, or holdfast worker; ask where that runs')];
  const findings = alarmsOf(status, nowMs, { walOnHostExposureMs: rpoMs, walExposureMs: rpoMs, walArchiveExposureMs: rpoMs })
    .filter(({ kind }) => !borne.includes(kind)).map(({ kind, sentence, next }) => wrong(kindOf(kind), `the log of ${component}: ${sentence}`, next));
  // What was true when it was last looked at need not be true now.
  if (findings.some(({ kind }) => kind === 'logNotKept')) return findings;
  const base = baseMissing === null ? [] : [wrong('logNotKept', `the log of ${component} leads on from no base backup: ${baseMissing}`, 'holdfast backup --kind base')];
  const untold = status.receiver === 'waitingForDatabase' ? 'its database does not run'
    : [status.onHost, ...status.repositories].some(({ exposureMs }) => exposureMs === null) ? 'how much would be lost is not known yet' : null;
  return [...findings, ...base, ...(untold === null || findings.length > 0 ? [] : [notKnown('exposureUnknown', `the log of ${component}: ${untold}`, 'holdfast wal status')])];
}

/** Where no log is kept, what was written since the newest backup would be lost: judged only where somebody wrote down how much may be. */
export function judgeUnlogged(component: string, newestAt: string | null, rpoMs: number, nowMs: number): readonly StatusFinding[] {
  const ageMs = newestAt === null ? null : nowMs - Date.parse(newestAt);
  if (ageMs === null || ageMs <= rpoMs) return [];
  return [wrong('exposed', `${component} keeps no log: what it wrote in the last ${durationText(ageMs)} would be lost (the objective is ${durationText(rpoMs)})`, 'Keep its log (wal: stream in holdfast.yaml), or write down what may be lost: objectives: { rpo: 24h }')];
}
