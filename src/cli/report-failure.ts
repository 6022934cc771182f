/** The last words of a command that failed: what, why, and what to do next. No stack trace unless HOLDFAST_DEBUG asks for it. */
import { failureKinds, isFailure } from '../domain/failures.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import { Interrupted } from './interruptible.ts';
import type { Output } from './output.ts';

/** The failure as an object for `--json`. */
export const failureObject = (error: unknown): object => (isFailure(error)
  ? { type: error.type, ...error.fields }
  : { type: 'Internal', operation: 'run the command', object: 'holdfast', cause: error instanceof Error ? error.message : String(error), hint: 'HOLDFAST_DEBUG=1 shows where.' });

/** Three lines on standard error, or one object on standard output; answers the exit code. */
export function reportFailure(error: unknown, output: Output, environment: NodeJS.ProcessEnv, extra: object = {}): ExitCode {
  if (error instanceof Interrupted) {
    output.redraw(null);
    output.notice(error.message);
    output.object({ interrupted: true, exitCode: exitCodes.interrupted });
    return exitCodes.interrupted;
  }
  const exitCode = isFailure(error) ? exitCodeOf(error.type) : exitCodes.failed;
  output.redraw(null);
  if (environment['HOLDFAST_DEBUG'] && error instanceof Error) for (const line of debugLines(error)) output.notice(line);
  if (output.json) output.object({ ...extra, error: failureObject(error), exitCode });
  else for (const line of failureLines(error)) output.notice(line);
  return exitCode;
}

export function failureLines(error: unknown): readonly string[] {
  if (!isFailure(error)) {
    return ['Failed: something happened that the code did not foresee (Internal)', `  ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`, '  HOLDFAST_DEBUG=1 shows where; please report it.'];
  }
  const { operation, object, cause, hint } = error.fields;
  const word = { refused: 'Refused', usage: 'Cannot', busy: 'Busy', couldNotVerify: 'Could not verify', unreachable: 'Unreachable', failed: 'Failed' }[failureKinds[error.type].exit];
  // Of a configuration every problem is told at once, each in a line of its own.
  const causes = error.type === 'InvalidConfiguration' ? cause.trimEnd().split('\n') : [cause.trimEnd()];
  return [`${word}: ${operation}: ${object} (${error.type})`, ...causes.map((line, index) => (index === 0 ? `  ${line}` : line)), `  ${hint}`];
}

function debugLines(error: Error): readonly string[] {
  const causes: string[] = [];
  for (let current: unknown = error; current instanceof Error && causes.length < 5; current = current.cause) causes.push(current.stack ?? current.message);
  return causes.join('\ncaused by: ').split('\n');
}
