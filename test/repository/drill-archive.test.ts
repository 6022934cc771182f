/** What drills leave: claimed once, written once, never removed, and read as it was written or not at all. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { failing } from '../support/failing.ts';

const nowMs = Date.parse('2026-11-23T02:00:00.400Z');
const run = (runId: string): { namespaceId: string; workflowId: string; runId: string } => ({ namespaceId: 'n', workflowId: `holdfast/drill/shop/${runId}`, runId });
let directory: string;
let repository: Repository;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  repository = createRepository('local', createLocalStorage(directory));
  await repository.open();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a run has one id, however often it asks, and no other has it', async () => {
  const { drills } = repository;
  const first = await drills.claim('shop', 'restore', run('a'), nowMs);
  expect(first).toMatchObject({ drillId: '20261123-020000', kind: 'restore', beganAt: '2026-11-23T02:00:00.400Z' });
  expect(await drills.claim('shop', 'restore', run('a'), nowMs + 90_000)).toEqual(first);
  const claims = await Promise.all(['b', 'c', 'd'].map((runId) => drills.claim('shop', 'rebuild', run(runId), nowMs)));
  expect(new Set([first, ...claims].map(({ drillId }) => drillId)).size).toBe(4);
  expect((await drills.claim('other', 'restore', run('e'), nowMs)).drillId).toBe('20261123-020000');
  expect((await drills.list('shop')).map(({ drillId, claim, reported }) => [drillId, claim?.run.runId, reported])).toEqual([['20261123-020000', 'a', false], ...claims.map(({ drillId, run: { runId } }) => [drillId, runId, false]).sort()]);
});

test('of two attempts the first report stays, and both are told which', async () => {
  const { drills } = repository;
  const { drillId } = await drills.claim('shop', 'restore', run('a'), nowMs);
  expect(await drills.readReport('shop', drillId)).toBeNull();
  expect(await drills.recordReport('shop', drillId, '{"a":1}')).toBe('{"a":1}');
  expect(await drills.recordReport('shop', drillId, '{"a":2}')).toBe('{"a":1}');
  await drills.recordPage('shop', drillId, 'page of 1');
  await drills.recordPage('shop', drillId, 'page of 1');
  await failing('AlreadyExists', () => drills.recordPage('shop', drillId, 'page of 2'));
  expect(await drills.readReport('shop', drillId)).toBe('{"a":1}');
  expect(await drills.list('shop')).toMatchObject([{ drillId, reported: true }]);
});

test('what is damaged hides no other drill, and keeps its id', async () => {
  const { drills } = repository;
  const { drillId } = await drills.claim('shop', 'restore', run('a'), nowMs);
  await drills.recordReport('shop', drillId, 'x');
  await writeFile(join(directory, 'shop', 'drills', drillId, 'drill.json'), '{}');
  await writeFile(join(directory, 'shop', 'drills', drillId, 'report.json'), Buffer.from([0xff, 0xfe]));
  expect(await drills.list('shop')).toEqual([{ drillId, claim: null, reported: true }]);
  await failing('RepositoryDamaged', () => drills.readReport('shop', drillId));
  expect((await drills.claim('shop', 'restore', run('b'), nowMs)).drillId).toBe('20261123-020001');
});

test.for(['../../etc', '2026', '20261199-000000', ''])('%j is the id of no drill', async (drillId) => {
  await failing('InvalidInput', async () => repository.drills.readReport('shop', drillId));
  await failing('InvalidInput', async () => repository.drills.recordReport('shop', drillId, 'x'));
});

test('foreign things beside the drills are none', async () => {
  await repository.drills.claim('shop', 'restore', run('a'), nowMs);
  await writeFile(join(directory, 'shop', 'drills', 'notes.txt'), 'x');
  expect(await repository.drills.list('shop')).toHaveLength(1);
  expect(await repository.drills.list('nobody')).toEqual([]);
});
