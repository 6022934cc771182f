/** The list of all cases: what strikes, where, and the runbook it is about. */
import type { DoomedWorker } from './fault/doomed-worker.ts';
import { pointText, type FaultPoint } from './fault/fault-point.ts';
import type { RecordedActivity } from './record-calls.ts';
import { runKillCase, type CaseResult } from './run-case.ts';
import { selectPoints, type Depth } from './select-points.ts';
import type { Stage } from './stage/stage.ts';
import { cancel, crash, dockerKill, runStoppedCase, runStrikeCase, runTerminateCase, type Strike } from './victims.ts';

export interface ChaosCase {
  readonly name: string;
  readonly runbook: string;
  /** `worker`, `postgres`, `redis`, `terminate`, `stopped`, `cancel`. */
  readonly victim: string;
  run(stage: Stage, nextWorker: () => DoomedWorker): Promise<CaseResult>;
}

/** SIGKILL of the worker at every selected point. */
export const workerCases = (recorded: readonly RecordedActivity[], depth: Depth): readonly ChaosCase[] =>
  selectPoints(recorded, depth).map((point) => caseOf('worker', point, '', (stage, next) => runKillCase(stage, next(), point)));

/** Everything that is not the worker, in every activity that is more than looking. */
export function otherCases(recorded: readonly RecordedActivity[]): readonly ChaosCase[] {
  const active = recorded.filter(({ changes }) => changes.some((call) => !call.startsWith('storage.') || call.startsWith('storage.adopt')));
  return active.flatMap((activity): ChaosCase[] => {
    const [before, inside] = [{ ...activity.call, moment: { at: 'before' } as const }, insideOf(activity)];
    return [
      ...(['postgres', 'redis'] as const).flatMap((store) => [strikeCase(store, before, 'crashes', crash(store)), strikeCase(store, inside, 'crashes', crash(store))]),
      ...(['postgres', 'redis'] as const).map((store) => strikeCase(store, before, 'killed', dockerKill(store))),
      strikeCase('cancel', inside, 'cancelled', cancel),
      caseOf('terminate', inside, ' terminated, worker dies', (stage, next) => runTerminateCase(stage, next(), inside, 'dies')),
      caseOf('terminate', before, ' terminated, worker goes on', (stage, next) => runTerminateCase(stage, next(), before, 'goesOn')),
      caseOf('terminate', inside, ' terminated, worker goes on', (stage, next) => runTerminateCase(stage, next(), inside, 'goesOn')),
      caseOf('stopped', before, ' worker stopped and woken', (stage, next) => runStoppedCase(stage, next(), before)),
    ];
  });
}

/** In the midst of the first helper's work, else after the first thing that was changed. */
export function insideOf({ call, changes }: RecordedActivity): FaultPoint {
  const wait = changes.find((each) => each.startsWith('runtime.wait#'));
  return { ...call, moment: wait === undefined ? { at: 'done', call: changes[0] ?? '' } : { at: 'during', call: wait } };
}

const strikeCase = (victim: string, point: FaultPoint, what: string, strike: Strike): ChaosCase =>
  caseOf(victim, point, ` ${victim === 'cancel' ? '' : `${victim} `}${what}`, (stage) => runStrikeCase(stage, point, `${victim} ${what}`, strike));

const caseOf = (victim: string, point: FaultPoint, suffix: string, run: ChaosCase['run']): ChaosCase =>
  ({ name: `${pointText(point)}${suffix}`, runbook: point.runbook, victim, run });
