/** The list of all cases: what strikes, where, and the scenario it is about. */
import { pointText, type FaultPoint } from './fault/fault-point.ts';
import type { RecordedActivity } from './record-calls.ts';
import { runKillCase, type CaseResult, type Setting } from './run-case.ts';
import { beforeOf, insideOf, runsAt, selectPoints, type Depth } from './select-points.ts';
import type { Victim } from './stage/judge.ts';
import { cancel, crash, dockerKill, runStoppedCase, runStrikeCase, runTerminateCase, type Strike } from './victims.ts';

export interface ChaosCase {
  readonly name: string;
  readonly scenario: string;
  readonly runbook: string;
  readonly victim: Victim;
  run(setting: Setting): Promise<CaseResult>;
}

/** SIGKILL of the worker at every selected point. */
export const workerCases = (recorded: readonly RecordedActivity[], depth: Depth): readonly ChaosCase[] =>
  selectPoints(recorded, depth).map((point) => caseOf('worker', point, '', (setting) => runKillCase(setting, point)));

/** Everything that is not the worker, in every activity that is more than looking. */
export function otherCases(recorded: readonly RecordedActivity[]): readonly ChaosCase[] {
  const active = recorded.filter(({ changes }) => changes.some(({ name }) => !name.startsWith('storage.') || name.startsWith('storage.adopt')));
  return active.flatMap((activity): ChaosCase[] => {
    const [before, inside] = [beforeOf(activity), insideOf(activity) ?? beforeOf(activity)];
    const killed = (['postgres', 'redis'] as const).flatMap((store) => [before, inside].filter((point) => runsAt(activity, point, store)).flatMap((point) =>
      [strikeCase(store, point, 'crashes', crash(store)), strikeCase(store, point, 'killed', dockerKill(store))]));
    return [
      ...killed,
      strikeCase('cancel', inside, 'cancelled', cancel),
      caseOf('terminate', inside, ' terminated, worker dies', (setting) => runTerminateCase(setting, inside, 'dies')),
      caseOf('terminate', before, ' terminated, worker goes on', (setting) => runTerminateCase(setting, before, 'goesOn')),
      caseOf('terminate', inside, ' terminated, worker goes on', (setting) => runTerminateCase(setting, inside, 'goesOn')),
      caseOf('stopped', before, ' worker stopped and woken', (setting) => runStoppedCase(setting, before)),
    ];
  });
}

const strikeCase = (victim: Victim, point: FaultPoint, what: string, strike: Strike): ChaosCase => {
  const suffix = victim === 'cancel' ? what : `${victim} ${what}`;
  return caseOf(victim, point, ` ${suffix}`, (setting) => runStrikeCase(setting, point, victim, suffix, strike));
};

const caseOf = (victim: Victim, point: FaultPoint, suffix: string, run: ChaosCase['run']): ChaosCase =>
  ({ name: `${pointText(point)}${suffix}`, scenario: point.scenario, runbook: point.runbook, victim, run });
