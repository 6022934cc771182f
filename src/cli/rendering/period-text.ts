/** The drills of a period over all services, for a terminal. Pure. */
import { controls, noBrokenGlass, type PeriodSummary, type ServicePeriod, type WindowState } from '../../domain/drill/period.ts';
import { counted, durationText } from '../../domain/wording.ts';
import { localTime } from './local-time.ts';
import { verdictWord } from './report-text.ts';
import { tableText } from './table.ts';

const stateWord: Readonly<Record<WindowState, string>> = { proven: '✓ proven', failed: '✗ FAILED', couldNotVerify: '? could not verify', missed: '✗ MISSED: no drill was made', notYet: '· not yet', notDue: '· not due: there was no backup yet' };

export function periodText(label: string, services: readonly ServicePeriod[], summary: PeriodSummary, timeZone: string): readonly string[] {
  return [
    `Recovery drills in ${label}: ${counted(summary.services, 'service')}, ${counted(summary.drills, 'drill')}: ${summary.proven} proven, ${summary.failed} failed, ${summary.couldNotVerify} could not verify${summary.withoutReport === 0 ? '' : `, ${summary.withoutReport} without a report`}${summary.unsigned === 0 ? '' : `, ${summary.unsigned} WITH A REPORT THAT COUNTS FOR NOTHING`}`,
    `  with a proven drill:    ${summary.drilled.join(', ') || 'none'}`,
    `  without one:            ${summary.notDrilled.join(', ') || 'none'}`,
    `  drills that were missed: ${summary.missedWindows.join('; ') || 'none'}`,
    `  objectives missed:      ${summary.breaches.length === 0 ? 'none' : ''}`, ...summary.breaches.map((breach) => `    ${breach}`),
    `  broken glass:           ${summary.brokenGlass.join('; ') || noBrokenGlass}`,
    ...summary.neverBackedUp.length === 0 ? [] : [`  NEVER BACKED UP:        ${summary.neverBackedUp.join(', ')}`],
    ...services.flatMap((each) => serviceLines(each, timeZone)),
    '', 'WHAT THIS IS EVIDENCE FOR (whether a control is met, an auditor says)',
    ...controls.flatMap(({ control, asks, evidence }) => [`  ${control}: ${asks}`, `    here: ${evidence}`]),
  ];
}

function serviceLines({ service, windows, drills }: ServicePeriod, timeZone: string): readonly string[] {
  return [
    '', service,
    ...tableText(windows.map(({ kind, label, state, drills: made }) => [`${kind} ${label}`, stateWord[state], made.join(', ')])),
    ...tableText(drills.map(({ drillId, kind, beganAt, verdict, problem, rtoMs, rpoMs }) => [drillId, kind, localTime(beganAt, timeZone), verdict === null ? 'no report' : problem ?? verdictWord[verdict], `RTO ${rtoMs === null ? '-' : durationText(rtoMs)}`, `RPO ${rpoMs === null ? '-' : durationText(rpoMs)}`]), '    '),
  ];
}
