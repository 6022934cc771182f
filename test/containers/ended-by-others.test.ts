import { expect, test } from 'vitest';
import { endedByOthers, lostServer, toldToEnd } from '../../src/containers/ended-by-others.ts';

const ended = (state: string, exitCode: number | null, oomKilled = false) => ({ name: 'scratch', state, exitCode, oomKilled }) as Parameters<typeof endedByOthers>[0];

test.each([['exited', 137, false, true], ['exited', 143, false, true], ['exited', 255, false, true], ['paused', null, false, true], ['exited', 1, false, false], ['exited', 0, false, false], ['exited', 137, true, false]] as const)(
  'a server that is %s with %s (at its own memory limit: %s) was ended by somebody else: %s', (state, exitCode, oomKilled, is) => {
    expect(endedByOthers(ended(state, exitCode, oomKilled))).toBe(is);
  });

test('that is tried again', () => {
  expect(lostServer('wait for the copy', ended('exited', 137))).toMatchObject({ type: 'HelperLost', retryable: true, fields: { cause: expect.stringContaining('exit code 137') } });
});

test.each([['exited', 0, true], ['exited', 1, false], ['exited', 143, false], ['running', null, false]] as const)('a server that is %s with %s was told to: %s', (state, exitCode, is) => {
  expect(toldToEnd(ended(state, exitCode))).toBe(is);
});
