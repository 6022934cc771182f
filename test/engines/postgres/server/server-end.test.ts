/** Whose fault the end of a server is: what somebody else did is tried again, what it says of its own data stays. */
import { expect, test } from 'vitest';
import { HoldfastFailure, type FailureType } from '../../../../src/domain/failures.ts';
import { whyEnded } from '../../../../src/engines/postgres/server/server-end.ts';

const line = (text: string): string => `2026-11-30 07:51:18.001 GMT [27] ${text}\n`;
const begun = line('LOG:  starting PostgreSQL 17.11') + line('LOG:  redo starts at 0/2000028');
const blamed = (log: string): HoldfastFailure => new HoldfastFailure('RestoreFailed', { operation: 'recover', object: 'data', cause: log.slice(-40), hint: 'none.' });

test.each<[FailureType, string, number | null, boolean, string]>([
  ['HelperLost', 'exited', 137, false, begun],
  ['HelperLost', 'paused', null, false, begun],
  // Told to end, it does so well: of itself none does.
  ['HelperLost', 'exited', 0, false, begun + line('LOG:  received fast shutdown request')],
  ['HelperLost', 'exited', 1, false, begun + line('LOG:  received immediate shutdown request')],
  ['HelperLost', 'exited', 1, false, begun + line('LOG:  startup process (PID 29) was terminated by signal 9: Killed') + line('LOG:  aborting startup due to startup process failure')],
  ['DiskFull', 'exited', 1, false, begun + line('FATAL:  could not extend file "base/5/16385": No space left on device')],
  // Killed over its own limit.
  ['RestoreFailed', 'exited', 137, true, begun],
  ['RestoreFailed', 'exited', 1, true, begun + line('LOG:  startup process (PID 29) was terminated by signal 9: Killed')],
  // What damaged data makes of it.
  ['RestoreFailed', 'exited', 1, false, begun + line('PANIC:  WAL contains references to invalid pages') + line('LOG:  startup process (PID 29) was terminated by signal 6: Aborted')],
  ['RestoreFailed', 'exited', 1, false, begun + line('LOG:  startup process (PID 29) was terminated by signal 11: Segmentation fault') + line('LOG:  terminating any other active server processes')],
  ['RestoreFailed', 'exited', 1, false, begun + line('PANIC:  could not locate a valid checkpoint record')],
  ['RestoreFailed', 'exited', 1, false, begun + line('FATAL:  column "was terminated by signal 9: Killed" does not exist')],
])('%s: %s with %s (at its own memory limit: %s), having said %j', (type, state, exitCode, oomKilled, log) => {
  expect(whyEnded('recover', { name: 'scratch', state, exitCode, oomKilled } as Parameters<typeof whyEnded>[1], log, blamed)).toMatchObject({ type });
});
