/** What a policy of once a day or week goes by: proofs of backups that hold the same by the same method. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newestProofAt } from '../../src/activities/newest-proof.ts';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import type { Verdict } from '../../src/domain/proof.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { asImported, run, sampleManifest, storeArtifacts } from '../repository/sample-manifest.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

/** A committed backup, of Redis alone where that is said; and its proof, where one is given. */
async function committed(name: string, verdict: Verdict | null, finishedAt = '2026-11-23T03:00:00.000Z', { onlyRedis = false, imported = false } = {}): Promise<BackupManifest> {
  const claim = await stage.as(run(name)).claimBackup({ service: 'shop' });
  const whole = sampleManifest('shop', claim);
  const held: BackupManifest = onlyRedis ? { ...whole, components: whole.components.filter(({ engine }) => engine === 'redis') } : whole;
  const manifest = imported ? asImported(held) : held;
  await storeArtifacts(stage.repository, manifest);
  const { sha256 } = await stage.repository.commitManifest(manifest);
  if (verdict !== null) await stage.repository.recordProof({ format: 1, service: 'shop', backupId: manifest.backupId, manifestSha256: sha256, verdict, components: [], beganAt: finishedAt, finishedAt, run: run(name) });
  return manifest;
}

test('the newest that was proven counts, past those that were not', async () => {
  const first = await committed('a', 'proven', '2026-11-23T03:00:00.000Z');
  expect(await newestProofAt(stage.repository, first)).toBeNull();
  await committed('b', 'failed');
  await committed('c', 'couldNotVerify');
  expect(await newestProofAt(stage.repository, await committed('d', null))).toBe('2026-11-23T03:00:00.000Z');
});

test('one that holds something else does not', async () => {
  await committed('a', 'proven', '2026-11-22T03:00:00.000Z');
  await committed('b', 'proven', '2026-11-23T03:00:00.000Z', { onlyRedis: true });
  expect(await newestProofAt(stage.repository, await committed('c', null))).toBe('2026-11-22T03:00:00.000Z');
});

test('one that was imported does not: it says nothing of what is backed up here', async () => {
  await committed('a', 'proven', '2026-11-22T03:00:00.000Z');
  await committed('b', 'proven', '2026-11-23T03:00:00.000Z', { imported: true });
  expect(await newestProofAt(stage.repository, await committed('c', null))).toBe('2026-11-22T03:00:00.000Z');
});

test('a damaged proof or manifest is none, and hides no other', async () => {
  await committed('a', 'proven', '2026-11-21T03:00:00.000Z');
  const { backupId } = await committed('b', 'proven');
  await writeFile(join(stage.directory, 'shop/backups', backupId, 'manifest.json'), '{}');
  expect(await newestProofAt(stage.repository, await committed('c', null))).toBe('2026-11-21T03:00:00.000Z');
});

test('a service that is proven always or never is not asked about', async () => {
  const definition = (prove?: 'daily') => ({ services: new Map([['shop', { ...stage.service, ...(prove === undefined ? {} : { prove }) }]]) });
  const manifest = await committed('a', 'proven', '2026-11-21T03:00:00.000Z');
  const claim = await stage.as(run('b')).claimBackup({ service: 'shop' });
  const next = sampleManifest('shop', claim);
  await storeArtifacts(stage.repository, next);
  for (const component of next.components) await stage.repository.recordOnce('shop', run('b').runId, `backup-${component.component}-1`, component);
  const input = { service: 'shop', claim, beganAt: next.beganAt, finishedAt: next.finishedAt, components: next.components.map(({ component, snapshot }) => ({ component, note: `backup-${component}-1`, snapshotAt: snapshot.at, sizeBytes: 1, path: 'x' })) };
  expect(Object.keys(await stage.as(run('b'), definition()).commitBackup(input))).not.toContain('newestProofAt');
  // The same run again, as a retry does it; its configuration was read anew.
  expect(await stage.as(run('b'), definition('daily')).commitBackup(input)).toMatchObject({ newestProofAt: '2026-11-21T03:00:00.000Z' });
  expect(manifest.components.length).toBeGreaterThan(1);
});
