/** What ended runs left, once they have had the time to be cleaned up after. Pure. */
import { counted } from '../wording.ts';
import { wrong, type StatusFinding } from './finding.ts';

/** A run that is not open any more, and something of it is still there. */
export interface LeftBehind {
  readonly workflowId: string;
  /** When it ended, in milliseconds; 0 where Temporal has forgotten it. */
  readonly endedMs: number;
  /** Containers, volumes and networks that were to go with it. */
  readonly things: number;
  /** Its cut-over is half-way: neither the old data nor the new is in order. */
  readonly isHalfWay: boolean;
}

export function judgeLeftovers(left: readonly LeftBehind[], service: string, nowMs: number, graceMs: number): readonly StatusFinding[] {
  const next = `holdfast schedule run reap, or any run of ${service}: it cleans up first`;
  return left.filter(({ endedMs, isHalfWay }) => isHalfWay || nowMs - endedMs > graceMs).map(({ workflowId, things, isHalfWay }) => (isHalfWay
    ? wrong('leftover', `${workflowId} ended in the midst of a cut-over`, next)
    : wrong('leftover', `${workflowId} has ended and left ${counted(things, 'thing')} on the Docker engine`, next)));
}
