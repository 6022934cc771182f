/** Which workflows that watch logs are begun, and which anew: with a Temporal that says how each of them ended. */
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { logWatchId } from '../../../src/domain/workflow-ids.ts';
import { watchLogs } from '../../../src/worker/wal/watch-logs.ts';

/** Looked at so often, then the worker ends. @param ends how they have ended, by service; null where Temporal does not answer */
async function begun(ends: Readonly<Record<string, string | null>>, looks: number): Promise<readonly string[]> {
  const end = new AbortController();
  const started: string[] = [];
  let looked = 0;
  const nameOf = (workflowId: string): string => Object.keys(ends).find((service) => logWatchId(service) === workflowId) ?? workflowId;
  const describe = async (workflowId: string): Promise<object> => {
    looked += 1;
    if (looked >= looks * Object.keys(ends).length) end.abort();
    const name = ends[nameOf(workflowId)];
    if (name === null) throw new Error('no answer');
    return { status: { name } };
  };
  const client = {
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
    workflow: { start: async (_type: string, { workflowId }: { workflowId: string }) => void started.push(nameOf(workflowId)), getHandle: (workflowId: string) => ({ describe: () => describe(workflowId) }) },
  } as unknown as Client;
  const logs = Object.keys(ends).flatMap((service) => [{ service }, { service }]);
  await watchLogs(client, 'holdfast', logs, { retryMaximumMs: 1, walBaseRetryMs: 1 }, end.signal);
  return started;
}

test('each is begun once with the worker, and one that failed again and again', async () => {
  expect(await begun({ shop: 'RUNNING' }, 3)).toEqual(['shop']);
  expect(await begun({ shop: 'FAILED' }, 3)).toEqual(['shop', 'shop', 'shop', 'shop']);
});

test.each(['CANCELLED', 'TERMINATED', 'COMPLETED', 'RUNNING'])('one that is %s is left at that', async (status) => {
  expect(await begun({ shop: status }, 2)).toEqual(['shop']);
});

test('one that cannot be asked about keeps no other from being begun anew', async () => {
  expect(await begun({ away: null, shop: 'FAILED' }, 2)).toEqual(['away', 'shop', 'shop', 'shop']);
});

test('a worker that keeps no log looks after none', async () => {
  await watchLogs({} as Client, 'holdfast', [], { retryMaximumMs: 1, walBaseRetryMs: 1 }, new AbortController().signal);
});
