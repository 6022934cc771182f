/** The report of a drill, and the list of them, for a terminal. Pure. */
import { checkTitle, worstChecksFirst } from '../../domain/drill/check.ts';
import type { DrillReport } from '../../domain/drill/drill-report.ts';
import { objectiveTitle, phaseMs, phaseTitle, type JudgedObjective } from '../../domain/drill/objectives.ts';
import type { Measured } from '../../domain/drill/recovery-times.ts';
import { growthText } from '../../domain/drill/trend.ts';
import type { Verdict } from '../../domain/proof.ts';
import { counted, durationText, engineTitle, sizeText } from '../../domain/wording.ts';
import { choiceWords, depthTitle, noKeys, noLiveSecret } from '../../report/page/evidence-sections.ts';
import { courseText, projectionText, spanWords, startedWord } from '../../report/page/result-sections.ts';
import { localAndUtc, localTime } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';
import { tableText } from './table.ts';

export const verdictWord: Readonly<Record<Verdict, string>> = { proven: 'proven', failed: 'FAILED', couldNotVerify: 'could not verify' };
const sign: Readonly<Record<Verdict, string>> = { proven: '✓', failed: '✗', couldNotVerify: '?' };
const resultWord: Readonly<Record<JudgedObjective['result'], string>> = { met: '✓ met', missed: '✗ missed', notMeasured: '? not measured' };

export function reportText(report: DrillReport, clock: PlanClock): readonly string[] {
  const when = (instant: string): string => localAndUtc(instant, clock.timeZone, clock.now);
  const { run, startedBy, repository, times, cleanUp, checks } = report;
  const lines = [
    `${report.service} · ${report.kind} drill ${report.drillId} · ${verdictWord[report.verdict]}`,
    report.sentence, '',
    ...section('CHECKS', worstChecksFirst(checks).flatMap((check) => [`${sign[check.verdict]} ${checkTitle(check.name)}${check.verdict === 'proven' ? '' : ` (${check.class})`}: ${check.sentence}`, ...(check.next === '' ? [] : [`  ${check.next}`])])),
    ...section('OBJECTIVES', objectiveLines(report.objectives)),
    ...section('TIMES', [`RTO ${measuredText(times.rto)}`, `RPO ${measuredText(times.rpo)}`, ...(times.laterTransactions === null ? [] : [`${times.laterTransactions} later transactions are not there`])]),
    ...section('PHASES', tableText(report.phases.map((phase) => [phaseTitle[phase.phase], phase.component ?? '', durationText(phaseMs(phase)), phase.outcome === 'done' ? '' : phase.outcome]), '')),
    ...section('RESTORED', [
      `from ${repository.name} (${repository.location}), ${choiceWords(report)}, on ${report.host}`,
      ...report.components.map((each) => `${each.component}: ${engineTitle(each.engine)} ${each.versions.backup}, ${depthTitle[each.depth]}; backup ${each.backupId}, ${sizeText(each.sizeBytes)}, covering ${when(each.point)}; ${counted(each.comparedObjects, 'object')} compared`),
    ]),
    ...section('FROM NOTHING', rebuiltLines(report)),
    ...section('NOT COMPARED', report.components.flatMap(({ component, notCompared }) => notCompared.map(({ object, reason }) => `${component}: ${object} (${reason})`))),
    ...section('TREND', [`${counted(report.trend.drills, `${report.kind} drill`)}, ${report.trend.proven} proven`, `RTO: ${courseText(report.trend.rto)}`, `RPO: ${courseText(report.trend.rpo)}`, projectionText(report.trend), growthText(report.trend)].filter((line) => line !== '')),
    `  ${startedWord[startedBy.by]} ${startedBy.identity}, ${when(report.beganAt)} to ${when(report.finishedAt)}`,
    `  workflow ${run.workflowId}, run ${run.runId}`,
    `  cleaned up: ${cleanUp.outcome === 'clean' ? `yes, ${counted(cleanUp.removed, 'object')} removed` : cleanUp.outcome === 'leftovers' ? `NOT ALL: ${cleanUp.leftovers.join(', ')}` : 'not by the drill; the reaper does it'}`,
  ];
  // What a page keeps together on one line, a terminal shows as it comes.
  return lines.map((line) => line.replaceAll('\u00a0', ' '));
}

const section = (title: string, lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), '']);

const objectiveLines = (objectives: readonly JudgedObjective[]): readonly string[] => tableText(objectives.map(({ objective, result, measuredMs, limitMs, why }) =>
  [objectiveTitle[objective], resultWord[result], measuredMs === null ? why : `${durationText(measuredMs)} of ${durationText(limitMs)}`]), '');

const rebuiltLines = ({ rebuilt }: DrillReport): readonly string[] => (rebuilt === undefined ? [] : [
  `cold start ${measuredText(rebuilt.coldStart)}`,
  ...(rebuilt.keys.length === 0 ? [`keys: ${noKeys}`] : rebuilt.keys.map(({ name, place, found, why }) => `key ${name}: ${found ? 'found' : `NOT FOUND (${why})`}, ${place}`)),
  `secrets of the live service: ${noLiveSecret}`,
]);

const measuredText = (measured: Measured): string => (measured.ms === null ? `not measured: ${measured.why}` : `${durationText(measured.ms)}, ${spanWords(measured)}`);

/** A drill in a list: its report, or why there is none to be believed. */
export interface ListedReport {
  readonly service: string;
  readonly drillId: string;
  readonly beganAt: string;
  readonly kind: string;
  readonly report: DrillReport | null;
  /** Null where all is well. */
  readonly problem: string | null;
}

export function reportTable(reports: readonly ListedReport[], timeZone: string): readonly string[] {
  const missed = (report: DrillReport): string => report.objectives.filter(({ result }) => result === 'missed').map(({ objective }) => `${objectiveTitle[objective]} missed`).join(', ');
  return tableText([['SERVICE', 'DRILL', 'LOCAL TIME', 'KIND', 'VERDICT', 'RTO', 'RPO', ''], ...reports.map(({ service, drillId, beganAt, kind, report, problem }) => (report === null || problem !== null
    ? [service, drillId, localTime(beganAt, timeZone), kind, '-', '-', '-', problem ?? '']
    : [service, drillId, localTime(beganAt, timeZone), kind, verdictWord[report.verdict], figure(report.times.rto), figure(report.times.rpo), missed(report)]))]);
}

const figure = (measured: Measured): string => (measured.ms === null ? '-' : durationText(measured.ms));
