/** What a server that recovers says when it gives up, and what is made of it. */
import { expect, test } from 'vitest';
import { recoveryFailure } from '../../../../src/engines/postgres/recovery/recovery-failure.ts';

test.each([
  ['DiskFull', 'could not extend file "base/5/16385": No space left on device', 'LOG:  redo in progress\nFATAL:  could not extend file "base/5/16385": No space left on device\nHINT:  Check free disk space.\nLOG:  startup process exited'],
  // What was delivered onto a full file system is cut short: that is not the archive's fault.
  ['DiskFull', '000000010000000000000004: write error : No space left on device', '000000010000000000000004: write error : No space left on device\n000000010000000000000004: it has 4096 bytes, not 16777216\nFATAL:  could not restore file'],
  ['ArtifactDamaged', '000000010000000000000004: it has 4096 bytes, not 16777216', '000000010000000000000004: it has 4096 bytes, not 16777216\nFATAL:  could not restore file'],
  // A share that went away while it was read from.
  ['RepositoryUnreachable', '000000010000000000000004: cat: /archive/4: Stale file handle', '000000010000000000000004: cat: /archive/4: Stale file handle\nFATAL:  could not restore file'],
  ['RepositoryUnreachable', 'the archive cannot be read', '000000010000000000000004: the archive cannot be read\nFATAL:  could not restore file'],
  ['PointUnreachable', 'the log ends before the moment', 'FATAL:  recovery ended before configured recovery target was reached'],
  ['RestoreFailed', 'FATAL:  database system identifier differs', 'FATAL:  database system identifier differs'],
] as const)('%s: %s', (type, cause, log) => {
  const failure = recoveryFailure(log, 'holdfast-1-recovery');
  expect([failure.type, failure.fields.cause]).toEqual([type, expect.stringContaining(cause)]);
});
