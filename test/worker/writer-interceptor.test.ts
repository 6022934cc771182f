import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { currentMark } from '../../src/storage/writer-mark.ts';
import { createWriterInterceptor } from '../../src/worker/writer-interceptor.ts';

test('what an activity writes is marked as its run\'s, also what runs beside it', async () => {
  const marks = await Promise.all(['run-a', 'run-b'].map((runId) => {
    const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId } }, { interceptors: [() => ({ inbound: createWriterInterceptor() })] });
    return environment.run(async () => {
      const before = currentMark();
      await new Promise((resolve) => setImmediate(resolve));
      return [before, currentMark()];
    });
  }));
  expect(marks).toEqual([['run-a', 'run-a'], ['run-b', 'run-b']]);
  expect(currentMark()).toBeNull();
});
