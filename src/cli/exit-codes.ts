/** What commands exit with; public, and listed in README. */
import { failureKinds, type FailureExit, type FailureType } from '../domain/failures.ts';
import type { Standing } from '../domain/status/finding.ts';

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Refused, and nothing was changed. */
  refused: 3,
  couldNotVerify: 4,
  /** A plan waits for approval; the run goes on. */
  waiting: 5,
  busy: 6,
  /** Temporal, or a worker of the host, does not answer. */
  unreachable: 7,
  /** Ctrl-C: the command ended, the run goes on. What shells expect of a program that SIGINT ended. */
  interrupted: 130,
  /** Whoever read the output stopped reading: the outcome is unknown. What shells expect of a program that SIGPIPE ended. */
  outputClosed: 141,
} as const satisfies Record<FailureExit | 'done' | 'waiting' | 'interrupted' | 'outputClosed', number>;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeOf = (type: FailureType): ExitCode => exitCodes[failureKinds[type].exit];

/** Of `status --check` and its like. */
export const standingExits = { well: exitCodes.done, wrong: exitCodes.failed, notKnown: exitCodes.couldNotVerify } as const satisfies Record<Standing, ExitCode>;
