import { expect, test } from 'vitest';
import { isNamed, parseRunReference, shownRunId, theRun } from '../../src/client/run-ids.ts';
import { failing } from '../support/failing.ts';

const run = (stamp: string, open = false) => ({ workflowId: `holdfast/restore/shop/${stamp}`, runId: `0000-${stamp}`, open });
const first = run('20261123-010000-7f3a');
const later = run('20261124-010000-7f3a', true);
const own = { workflowId: 'somebody/else', runId: '01234567-89ab-cdef-0123-456789abcdef', open: false };
const named = (text: string) => [first, later, own].filter((each) => isNamed(parseRunReference(text), each));

test('a run answers to its digits, its stamp, its workflow id and its run id', () => {
  expect(named('r-7F3A')).toEqual([first, later]);
  expect(named('20261123-010000-7f3a')).toEqual([first]);
  expect(named(first.workflowId)).toEqual([first]);
  expect(named(own.runId.toUpperCase())).toEqual([own]);
  expect(shownRunId(first.workflowId)).toBe('r-7f3a');
  expect(shownRunId(own.workflowId)).toBe('somebody/else');
});

test.for(['', 'two words', "quo'te", 'a"b', 'back\\slash', 'x'.repeat(1_001)])('%j names no run', async (text) => {
  await failing('InvalidInput', async () => parseRunReference(text));
});

test('among several the open one is meant, and nothing is guessed', async () => {
  expect(theRun('r-7f3a', [first, later])).toBe(later);
  await failing('InvalidInput', async () => theRun('r-7f3a', [first, run('20261122-010000-7f3a')]));
  await failing('UnknownRun', async () => theRun('r-0000', []));
});
