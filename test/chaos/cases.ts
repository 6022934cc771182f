/** The list of all cases: what strikes, where, and the scenario it is about. */
import { parsePoint, pointText, type FaultPoint } from './fault/fault-point.ts';
import type { RecordedActivity } from './record-calls.ts';
import { runKillCase, type CaseResult, type Setting } from './run-case.ts';
import type { Scenario } from './scenarios.ts';
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
  selectPoints(recorded, depth).map(killCase);

const killCase = (point: FaultPoint): ChaosCase => caseOf('worker', point, '', (setting) => runKillCase(setting, point));

/** Everything that is not the worker, in every activity that is more than looking. */
export function otherCases(recorded: readonly RecordedActivity[]): readonly ChaosCase[] {
  const active = recorded.filter(({ changes }) => changes.some(({ name }) => !name.startsWith('storage.') || name.startsWith('storage.adopt')));
  return active.flatMap((activity): ChaosCase[] => {
    const [before, inside] = [beforeOf(activity), insideOf(activity) ?? beforeOf(activity)];
    const killed = stores.flatMap((store) => [before, inside].filter((point) => runsAt(activity, point, store)).flatMap((point) => deathCases(store, point)));
    return [...killed, cancelCase(inside), terminateCase(inside, 'dies'), terminateCase(before, 'goesOn'), terminateCase(inside, 'goesOn'), stoppedCase(before)];
  });
}

/** What strikes without regard to the databases, at the points that the scenario names itself. */
export const furtherCases = ({ name, further = [] }: Scenario): readonly ChaosCase[] => further.map((text) => parsePoint(`${name}/${text}`))
  .flatMap((point) => [killCase(point), cancelCase(point), terminateCase(point, 'dies'), terminateCase(point, 'goesOn'), stoppedCase(point)]);

/** One by its name, to be run again without a dry run. @throws for a name that no case has */
export function caseNamed(name: string): ChaosCase {
  const point = parsePoint(name.split(' ')[0] ?? '');
  const all = [killCase(point), ...stores.flatMap((store) => deathCases(store, point)), cancelCase(point), terminateCase(point, 'dies'), terminateCase(point, 'goesOn'), stoppedCase(point)];
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no case ${name}; at that point there are\n${all.map((each) => each.name).join('\n')}`);
  return found;
}

const stores = ['postgres', 'redis'] as const;
const deathCases = (store: (typeof stores)[number], point: FaultPoint): readonly ChaosCase[] => [strikeCase(store, point, 'crashes', crash(store)), strikeCase(store, point, 'killed', dockerKill(store))];
const cancelCase = (point: FaultPoint): ChaosCase => strikeCase('cancel', point, 'cancelled', cancel);
const terminateCase = (point: FaultPoint, then: 'dies' | 'goesOn'): ChaosCase => caseOf('terminate', point, ` terminated, worker ${then === 'dies' ? 'dies' : 'goes on'}`, (setting) => runTerminateCase(setting, point, then));
const stoppedCase = (point: FaultPoint): ChaosCase => caseOf('stopped', point, ' worker stopped and woken', (setting) => runStoppedCase(setting, point));

const strikeCase = (victim: Victim, point: FaultPoint, what: string, strike: Strike): ChaosCase => {
  const suffix = victim === 'cancel' ? what : `${victim} ${what}`;
  return caseOf(victim, point, ` ${suffix}`, (setting) => runStrikeCase(setting, point, victim, suffix, strike));
};

const caseOf = (victim: Victim, point: FaultPoint, suffix: string, run: ChaosCase['run']): ChaosCase =>
  ({ name: `${pointText(point)}${suffix}`, scenario: point.scenario, runbook: point.runbook, victim, run });
