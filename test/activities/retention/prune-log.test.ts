/** The log goes with the backups that it led on from: marked first, and from its beginning; so do append-only files. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BackupManifest } from '../../../src/domain/backup-manifest.ts';
import type { AofLook } from '../../../src/domain/aof/aof-history.ts';
import { parseLsn } from '../../../src/domain/wal/lsn.ts';
import { segmentName } from '../../../src/domain/wal/segment.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { base } from '../../repository/sample-manifest.ts';
import { key as sampleKey, MiB, never, segmentBytes, sourceOf } from '../../repository/wal-sample.ts';
import { dayMs, openRetentionStage, type RetentionStage } from './retention-stage.ts';

const key = { ...sampleKey, systemIdentifier: base.server.systemIdentifier };
const log = { service: 'shop', component: 'postgres', systemIdentifier: key.systemIdentifier };
let stage: RetentionStage;
/** A directory, or an object store. */
let name: 'local' | 'far';
let archived: number;
let runs = 0;

beforeEach(async () => {
  [archived, name] = [0, 'far'];
  stage = await openRetentionStage({ days: 2, walDays: 2, minimumCopies: 1, trashDays: 1 });
});
afterEach(() => stage.remove());

const repository = (): Repository => stage.repositories[name];

/** So many days: a base backup each, and the segment that it begins in. */
async function days(count: number): Promise<readonly BackupManifest[]> {
  const made: BackupManifest[] = [];
  for (let day = 0; day < count; day += 1) {
    made.push(await stage.back(repository(), 'base'));
    archived += 1;
    const segment = { timeline: 1, number: BigInt(archived) };
    await repository().wal.storeSegment(key, segment, sourceOf(segmentBytes(segment, 0, key)), never);
    stage.nowMs += dayMs;
  }
  return made;
}

const stored = async (): Promise<readonly number[]> => (await repository().wal.holdings(key)).complete.map(({ number }) => Number(number));
const marked = async (): Promise<readonly number[]> => (await repository().trash.markedSegments(log)).map(({ number }) => Number(number)).sort((a, b) => a - b);

const segmentFiles = async (): Promise<readonly string[]> =>
  (await readdir(join(stage.repositories.local.storage.location, 'shop/wal'), { recursive: true })).flatMap((path) => /[0-9A-F]{24}(?=-)/.exec(path)?.[0] ?? []).sort();

async function carryOut(run?: string) {
  if (run === undefined) runs += 1;
  const activities = stage.as(run ?? `log${runs}`);
  const input = { service: 'shop', repository: name };
  if (run === undefined) await activities.planPrune(input);
  return activities.carryOutPrune({ ...input, approved: true });
}

it.each(['local', 'far'] as const)('is marked, stays readable for as long as the trash keeps it, and then goes (%s)', async (where) => {
  name = where;
  await days(8);
  const done = await carryOut();
  // Three are young enough, and the log of two days begins with the one before.
  expect([done.removed.length, done.segments]).toEqual([4, { removed: 0, broughtBack: 0, gone: 0 }]);
  expect([await stored(), await marked()]).toEqual([[1, 2, 3, 4, 5, 6, 7, 8], []]);
  // What takes a backup to its own end stays as long as that can be taken back.
  await days(2);
  expect((await carryOut()).gone).toHaveLength(4);
  expect((await carryOut()).segments).toEqual({ removed: 4, broughtBack: 0, gone: 0 });
  expect([await stored(), await marked()]).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [1, 2, 3, 4]]);
  await days(2);
  expect((await carryOut()).segments).toMatchObject({ gone: 4 });
  expect((await stored())[0]).toBe(5);
  expect((await repository().storage.listNames('shop/trash/log/postgres')).length).toBeLessThanOrEqual(1);
  // Nothing but what the archive says is there, on the disk.
  if (name === 'local') expect(await segmentFiles()).toEqual((await stored()).map((number) => segmentName({ timeline: 1, number: BigInt(number) }, key.segmentSizeBytes)));
});

it('is whole from every kept base backup on, wherever it is killed, and goes all the same', async () => {
  const { far } = stage.repositories;
  const isWhole = async (): Promise<void> => {
    const there = await stored();
    const inTrash = await marked();
    for (const id of await far.listBackups('shop')) {
      const [backup] = (await far.readManifest('shop', id)).manifest.components;
      const begin = backup?.engine === 'postgres' && backup.method === 'base' ? Number((parseLsn(backup.range.begin) ?? 0n) / BigInt(MiB)) : 0;
      expect(there).toContain(begin);
      expect(inTrash).not.toContain(begin);
    }
    // From the beginning: no gap is made.
    const left = there.filter((number) => !inTrash.includes(number));
    expect(left).toEqual(Array.from({ length: archived - (left[0] ?? 0) + 1 }, (_, index) => (left[0] ?? 0) + index));
  };
  await days(8);
  await carryOut();
  let kills = 0;
  for (let round = 0; round < 8; round += 1) {
    await days(1);
    for (const when of ['before', 'after'] as const) {
      runs += 1;
      const killed = `killed${runs}`;
      await stage.as(killed).planPrune({ service: 'shop', repository: name });
      stage.dying.far.arm({ atCall: 40 + round * 37, when });
      kills += await carryOut(killed).then(() => 0, () => 1);
      stage.dying.far.arm(null);
      await isWhole();
    }
    await carryOut();
    await isWhole();
  }
  expect(kills).toBeGreaterThan(4);
  expect((await stored())[0]).toBeGreaterThan(5);
});

it('of Redis goes where it lies before all that can be come back to, and not while something is read', async () => {
  const { far } = stage.repositories;
  const aof = { service: 'shop', component: 'redis' };
  const looks: AofLook[] = [];
  for (let day = 0; day < 12; day += 1) {
    const second = Math.floor(stage.nowMs / 1000);
    const [id, increment, text] = [`${second}-${2 * day + 1}-7`, `${second}-${2 * day + 2}-8`, `state of ${day}`];
    await far.aof.storeBase(aof, { id, createdSecond: second, sizeBytes: text.length, sha256: createHash('sha256').update(text).digest('hex') }, async () => Readable.from([Buffer.from(text)]), never);
    await far.aof.storeBlock(aof, increment, 0, Buffer.from(`written behind ${day}`));
    await far.aof.storeChain(aof, id, [increment], second);
    looks.push({ second: second + 60, state: 'on', base: id, coveredSecond: second + 60, increment, sizeBytes: 10, settings: 'x' });
    await days(1);
  }
  await far.aof.storeLooks(aof, looks);
  stage.runs = [{ workflowId: 'holdfast/clone/shop/1', runbook: 'cloneService', input: { service: 'shop', backup: '20260101' }, startedMs: 0 }];
  const before = await far.aof.holdings(aof);
  expect((await carryOut()).aofs).toEqual({ bases: 0, increments: 0 });
  stage.runs = [];
  const { aofs } = await carryOut();
  expect(aofs.bases).toBeGreaterThan(3);
  expect(aofs.increments).toBe(aofs.bases);
  const after = await far.aof.holdings(aof);
  expect(after.bases).toEqual(before.bases.slice(aofs.bases));
  expect([...after.blocks.keys()]).toEqual([...before.blocks.keys()].slice(aofs.bases));
  expect((await carryOut()).aofs).toEqual({ bases: 0, increments: 0 });
});
