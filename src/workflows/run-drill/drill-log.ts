/** What a drill came to so far: its phases by the workflow's own clock, and its checks. A step that fails is a check that failed, or one that could not be made; the drill goes on. */
import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { classOfFailure, type CheckClass } from '../../domain/drill/check-class.ts';
import { drillCheck, type DrillCheck } from '../../domain/drill/check.ts';
import { phaseTitle, type DrillPhase, type DrillPhaseName } from '../../domain/drill/objectives.ts';
import type { FailureFields, FailureType } from '../../domain/failures.ts';
import type { CommonInput, Run } from '../shared/run.ts';
import { failureTypeOf } from '../shared/workflow-failure.ts';

export interface DrillStage {
  readonly phase: DrillPhaseName;
  readonly component: string | null;
  /** The check that its failure becomes; null of what says nothing about the backup: that is told, and no more. */
  readonly check: string | null;
  /** Where the failure says more in this stage than it does elsewhere. */
  readonly classes?: Partial<Record<FailureType, CheckClass>>;
}

export interface DrillLog {
  readonly phases: readonly DrillPhase[];
  readonly checks: readonly DrillCheck[];
  /** When the last check passed; null where none has yet. */
  readonly lastPassedAt: string | null;
  /** What the stage answers, or null where it failed: then its check is among the others. @throws cancellations, and nothing else */
  stage<T>(stage: DrillStage, work: () => Promise<T>): Promise<T | null>;
  add(checks: readonly DrillCheck[]): void;
  /** The last so many milliseconds of what was recorded last of a component were a phase of their own. */
  splitLast(component: string, phase: DrillPhaseName, lastMs: number): void;
}

const shownChecks = 40;

export function startDrillLog<I extends CommonInput>(run: Run<I>): DrillLog {
  const phases: DrillPhase[] = [];
  const checks: DrillCheck[] = [];
  let lastPassedAt: string | null = null;
  const now = (): string => new Date(Date.now()).toISOString();
  const add = (found: readonly DrillCheck[]): void => {
    checks.push(...found);
    if (found.some(({ verdict }) => verdict === 'proven')) lastPassedAt = now();
    for (const check of found.slice(0, shownChecks)) tell(run, check);
  };
  return {
    phases, checks, add,
    splitLast: (component, phase, lastMs) => {
      const index = phases.findLastIndex((each) => each.component === component);
      const whole = phases[index];
      if (whole === undefined) return;
      const between = new Date(Math.max(Date.parse(whole.beganAt), Date.parse(whole.finishedAt) - lastMs)).toISOString();
      phases.splice(index, 1, { ...whole, finishedAt: between }, { ...whole, phase, beganAt: between });
    },
    get lastPassedAt() { return lastPassedAt; },
    stage: async ({ phase, component, check, classes }, work) => {
      const beganAt = now();
      const end = (outcome: DrillPhase['outcome']): void => void phases.push({ phase, component, beganAt, finishedAt: now(), outcome });
      try {
        const answer = await work();
        end('done');
        return answer;
      } catch (error) {
        end(isCancellation(error) ? 'stopped' : 'failed');
        if (isCancellation(error)) throw error;
        const type = failureTypeOf(error);
        if (check === null) run.warn(`${phaseTitle[phase]}: NOT DONE (${type}). ${sentenceOf(error) ?? ''}`.trim());
        else add([drillCheck(check, component, classes?.[type] ?? classOfFailure(type), sentenceOf(error))]);
        return null;
      }
    },
  };
}

function tell<I extends CommonInput>(run: Run<I>, { name, verdict, sentence, class: found }: DrillCheck): void {
  if (verdict === 'proven') run.done(`${name}: ${sentence}`);
  else run.warn(`${name} ${verdict === 'failed' ? 'FAILED' : 'could not be verified'} (${found}): ${sentence}`);
}

/** By the failure's own fields, which name no secret and no row; undefined where it has none. */
export function sentenceOf(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const fields = cause instanceof ApplicationFailure ? cause.details?.[0] as Partial<FailureFields> | undefined : undefined;
  if (typeof fields?.operation !== 'string' || typeof fields.cause !== 'string') return undefined;
  return `${fields.operation} (${fields.object ?? ''}): ${fields.cause}.`;
}

