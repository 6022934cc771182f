/** Every workflow shape that shipped is replayed against today's code: a run that waits for a human over an upgrade must go on. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { workflowSource } from '../../src/worker/create-worker.ts';
import { requiredShapes } from './required-shapes.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const directory = join(import.meta.dirname, 'histories');
const files = readdirSync(directory).filter((file) => file.endsWith('.json'));

test.each(requiredShapes)('there is a history of %s', (shape) => {
  expect(files.some((file) => file.startsWith(`${shape}.`))).toBe(true);
});

/** Temporal's UI and every replay read a history whole. */
const mostBackupEvents = 150;

test.each(files.filter((file) => file.startsWith('takeBackup.done.')))('%s, a backup with its proof, has at most 150 events', (file) => {
  const { events } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] };
  expect(events.map((event) => event.activityTaskScheduledEventAttributes?.activityType.name)).toContain('recordProof');
  expect(events.length).toBeLessThanOrEqual(mostBackupEvents);
});

test.each(files)('%s replays', async (file) => {
  const { workflowBundle } = await workflowSource();
  if (workflowBundle === undefined) throw new Error('there is no workflow bundle');
  const history: unknown = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  await Worker.runReplayHistory({ workflowBundle }, history, file);
});
