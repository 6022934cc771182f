/** Why a receiver ended: its exit code and last words as a failure, or null where it only followed its database, or was killed. Pure. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { FailureType } from '../../../domain/failures.ts';
import { failureFrom, firstError } from '../server/psql-failure.ts';

/** Of receive.sh. */
export const receiverExitCodes = { diskFull: 28, stdinCut: 74, receivewalEnded: 81, sessionEnded: 82 } as const;

interface Reading {
  readonly type: FailureType;
  readonly pattern: RegExp;
  readonly hint: string;
}

const readings: readonly Reading[] = [
  { type: 'DiskFull', pattern: /No space left on device/, hint: 'Make room on the file system of the Docker engine\'s volumes: until then the database keeps its log for the slot.' },
  { type: 'WalSlotLost', pattern: /requested WAL segment \S+ has already been removed/, hint: 'What the server has removed cannot be received any more: record the break, go on behind it, and take a new base backup.' },
  { type: 'WalSlotLost', pattern: /starting timeline \d+ is not present in the server/, hint: 'The server was brought back to an older timeline than the log that was received: record the break, go on on its own, and take a new base backup.' },
  { type: 'UnsupportedTopology', pattern: /exceeds "?max_wal_senders/, hint: 'Raise max_wal_senders (the server has to be restarted).' },
  { type: 'WalConflict', pattern: /requested starting point .* is (ahead of|not in)|ahead of the WAL flush position/, hint: 'The server was rewound, or follows another timeline than the log that was received: keep that log, then forget the receiver (holdfast wal forget) and begin anew.' },
];

/** The slot is looked at by whoever starts the next; another receiver that has not noticed its end yet lets go of it in a moment. */
const passing = /replication slot "[^"]*" (does not exist|is active for PID)|can no longer (be accessed|get changes) from (this )?replication slot|This slot has been invalidated/;

/** What sh says of a child that somebody killed. */
const killed = /^(Killed|Terminated) *$/gm;

/** Null where the next one is simply to be started. */
export function endOfReceiver(exitCode: number | null, words: string, object: string): HoldfastFailure | null {
  const said = words.replace(killed, '').trim();
  const call = { operation: 'receive the log', object };
  const reading = exitCode === receiverExitCodes.diskFull ? readings[0] : readings.find(({ pattern }) => pattern.test(said));
  if (reading !== undefined) return new HoldfastFailure(reading.type, { ...call, cause: said === '' ? 'a file system ran full' : firstError(said), hint: reading.hint });
  if (exitCode === receiverExitCodes.stdinCut || said === '' || passing.test(said)) return null;
  const failure = failureFrom(said, call, { type: 'HelperFailed', hint: 'It is started again; if it happens each time, see the server\'s log.' });
  return failure.type === 'DatabaseUnreachable' ? null : failure;
}
