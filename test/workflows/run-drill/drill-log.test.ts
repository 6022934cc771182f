import { expect, test } from 'vitest';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { judgeChecks } from '../../../src/domain/drill/check.ts';
import type { Run } from '../../../src/workflows/shared/run.ts';
import { startDrillLog } from '../../../src/workflows/run-drill/drill-log.ts';
import type { RunDrillInput } from '../../../src/workflows/run-drill/messages.ts';

const failure = new ActivityFailure('failed', 'removeDrill', '1', RetryState.MAXIMUM_ATTEMPTS_REACHED, '', ApplicationFailure.create({
  type: 'DockerUnreachable', message: 'x', details: [{ operation: 'remove the container', object: 'holdfast-1', cause: 'the engine does not answer', hint: 'y' }],
}));

function started() {
  const told: string[] = [];
  const run = { done: (text: string) => told.push(text), warn: (text: string) => told.push(`! ${text}`) } as unknown as Run<RunDrillInput>;
  return { log: startDrillLog(run), told };
}
const failing = () => Promise.reject(failure);

test('a stage that fails is a check that failed, or could not be made', async () => {
  const { log, told } = started();
  expect(await log.stage({ phase: 'restore', component: 'redis', check: 'content:redis' }, failing)).toBeNull();
  expect(log.checks).toMatchObject([{ name: 'content:redis', class: 'hostUnreachable', verdict: 'couldNotVerify' }]);
  expect(log.phases).toMatchObject([{ phase: 'restore', component: 'redis', outcome: 'failed' }]);
  expect(told).toEqual(['! content:redis could not be verified (hostUnreachable): remove the container (holdfast-1): the engine does not answer.']);
});

test('cleaning up that fails takes nothing from what was proven, and is told', async () => {
  const { log, told } = started();
  log.add([{ name: 'content:redis', component: 'redis', class: 'asExpected', verdict: 'proven', sentence: 'Equal.', next: '' }]);
  expect(await log.stage({ phase: 'cleanUp', component: null, check: null }, failing)).toBeNull();
  expect(judgeChecks(['content:redis'], log.checks)).toMatchObject({ verdict: 'proven', checks: [{ name: 'content:redis' }] });
  expect(log.phases.map(({ phase, outcome }) => [phase, outcome])).toEqual([['cleanUp', 'failed']]);
  expect(told.at(-1)).toBe('! Cleaned up: NOT DONE (DockerUnreachable). remove the container (holdfast-1): the engine does not answer.');
});
