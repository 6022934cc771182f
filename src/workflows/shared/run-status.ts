/** What every run tells about itself through the `status` query, the UI's current details and the command line. Plain JSON. */
import type { RecordedDecision } from '../../domain/approval.ts';
import type { RestorePlan } from '../../domain/restore-plan.ts';

export type RunPhase = 'starting' | 'working' | 'waitingForService' | 'awaitingApproval' | 'awaitingKeys' | 'cuttingOver' | 'checking' | 'cleaningUp' | 'done' | 'failed';

/** One line of progress, as people read it. `kind` lets a terminal draw it. */
export interface RunEvent {
  readonly at: string;
  readonly kind: 'step' | 'done' | 'note' | 'warning';
  readonly text: string;
}

export interface RunStatus {
  readonly runbook: string;
  readonly service: string;
  readonly phase: RunPhase;
  /** Bounded: the first ones are dropped beyond 200; `eventsDropped` says how many. */
  readonly events: readonly RunEvent[];
  readonly eventsDropped: number;
  readonly plan: RestorePlan | null;
  readonly decision: RecordedDecision | null;
  /** Decisions that were refused, newest last, at most 20: a refused update leaves no event in history. */
  readonly refusals: readonly string[];
  /** The run that holds the service while this one waits for it, or null. */
  readonly waitingFor: { readonly workflowId: string; readonly runId: string; readonly purpose: string } | null;
}
