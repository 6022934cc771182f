import { expect, test } from 'vitest';
import { guestEnd } from '../../../src/domain/drill/guest-end.ts';

test.each([
  [0, false, 'byItself'], [1, false, 'byItself'], [143, false, 'byItself'], [null, false, 'byItself'],
  [125, false, 'notBegun'], [126, false, 'notBegun'], [127, false, 'notBegun'],
  // A shell tells of a child that was killed by the same number; a server whose worker was killed may run on.
  [137, false, 'outOfMemory'], [137, true, 'outOfMemory'], [1, true, 'outOfMemory'], [null, true, 'outOfMemory'], [127, true, 'outOfMemory'],
] as const)('an exit code of %s (ended at the limit: %s) is %s', (exitCode, oomKilled, end) => {
  expect(guestEnd({ exitCode, oomKilled })).toBe(end);
});
