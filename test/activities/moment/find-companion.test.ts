/** Which backup a store without a log of its own comes from, at a moment that another's log leads to. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BackupManifest } from '../../../src/domain/backup-manifest.ts';
import { openActivityStage, type ActivityStage } from '../../support/activity-stage.ts';
import { failing } from '../../support/failing.ts';
import { asImported, run, sampleManifest, storeArtifacts } from '../../repository/sample-manifest.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

/** A backup whose Redis is of that instant; its number is the order of these calls. */
async function taken(name: string, at: string, imported = false): Promise<string> {
  const sample = sampleManifest('shop', await stage.repository.claimBackup('shop', run(name), Date.parse(at), imported));
  const components = sample.components.map((each) => (each.engine === 'redis' ? { ...each, snapshot: { ...each.snapshot, at } } : each));
  const manifest: BackupManifest = imported ? asImported({ ...sample, components }) : { ...sample, components };
  await storeArtifacts(stage.repository, manifest);
  await stage.repository.commitManifest(manifest);
  return manifest.backupId;
}

const find = async (at: string, of?: string): Promise<readonly [backupId: string, at: string]> => {
  const found = await stage.as(run('drill')).findCompanion({ service: 'shop', component: 'redis', at, ...(of === undefined ? {} : { of }) });
  return [found.backup.backupId, found.at];
};

test('the newest that was taken by then, else the oldest after it', async () => {
  const first = await taken('a', '2026-11-23T01:00:00.000Z');
  const second = await taken('b', '2026-11-24T01:00:00.000Z');
  await taken('c', '2026-11-25T01:00:00.000Z');
  expect(await find('2026-11-24T12:00:00Z')).toEqual([second, '2026-11-24T01:00:00.000Z']);
  expect(await find('2026-11-24T01:00:00Z')).toEqual([second, '2026-11-24T01:00:00.000Z']);
  expect(await find('2026-11-22T00:00:00Z')).toEqual([first, '2026-11-23T01:00:00.000Z']);
});

test('of a moment that is a backup\'s own end, what that backup holds; where it holds nothing of it, the newest that was taken by then', async () => {
  const older = await taken('a', '2026-11-23T01:00:00.000Z');
  // A whole server is copied first: what belongs to it is taken right behind its end.
  const own = await taken('b', '2026-11-24T01:00:05.000Z');
  expect(await find('2026-11-24T01:00:00Z', own)).toEqual([own, '2026-11-24T01:00:05.000Z']);
  expect(await find('2026-11-24T01:00:00Z', '20261124-999999')).toEqual([older, '2026-11-23T01:00:00.000Z']);
});

test('what was imported is none, whatever its number and its time', async () => {
  const own = await taken('a', '2026-11-23T01:00:00.000Z');
  await taken('old', '2026-01-18T13:31:21.000Z', true);
  await taken('near', '2026-11-24T00:59:00.000Z', true);
  expect(await find('2026-11-24T01:00:00Z')).toEqual([own, '2026-11-23T01:00:00.000Z']);
  // Nor instead of one that was taken later.
  expect(await find('2026-06-01T00:00:00Z')).toEqual([own, '2026-11-23T01:00:00.000Z']);
});

test('when the data is of counts, and not which number was given first', async () => {
  const newer = await taken('a', '2026-11-24T01:00:00.000Z');
  const older = await taken('b', '2026-11-23T01:00:00.000Z');
  expect((await find('2026-11-25T00:00:00Z'))[0]).toBe(newer);
  expect((await find('2026-11-22T00:00:00Z'))[0]).toBe(older);
});

test('where none was taken, the failure says that only imported ones are there', async () => {
  await taken('old', '2026-01-18T13:31:21.000Z', true);
  const { fields } = await failing('UnknownBackup', () => find('2026-11-24T01:00:00Z'));
  expect(fields.cause).toContain('1 imported one');
});
