/** Which backup is meant, and proofs with more to say than Temporal carries. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComponentProof } from '../../src/domain/proof.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { failing } from '../support/failing.ts';
import { committed, run } from '../repository/sample-manifest.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

describe('the latest backup', () => {
  const latest = () => stage.as(run('restore')).findBackup({ service: 'shop', backup: 'latest' });

  it('is the one that was taken last, whatever the clock said', async () => {
    await failing('UnknownBackup', latest);
    await committed(stage.repository, 'shop', 'clock ahead', Date.UTC(2026, 10, 24));
    const { backupId } = await committed(stage.repository, 'shop', 'clock right', Date.UTC(2026, 10, 23));
    expect((await latest()).backupId).toBe(backupId);
  });

  it('is refused where it is damaged, and not an older one', async () => {
    await committed(stage.repository, 'shop', 'a');
    const { backupId } = await committed(stage.repository, 'shop', 'b');
    const path = `shop/backups/${backupId}/manifest.json`;
    await stage.repository.storage.remove(path);
    await stage.repository.storage.createExclusive(path, Buffer.from('{}'));
    await failing('ManifestDamaged', latest);
  });
});

describe('a proof', () => {
  const short: ComponentProof = { component: 'postgres', verdict: 'proven', sentence: 'Equal.', differences: [], comparedObjects: 2, notCompared: [{ object: 'x', reason: 'y' }] };
  const long: ComponentProof = {
    component: 'postgres', verdict: 'failed', sentence: 'Restored, but 5000 differences.', comparedObjects: 5000,
    differences: Array.from({ length: 5000 }, (_, number) => ({ object: `public.${'t'.repeat(600)}${number}`, property: 'hash', expected: '1', found: '2' })),
    notCompared: Array.from({ length: 3000 }, (_, number) => ({ object: `large object ${number}`, reason: 'r'.repeat(500) })),
  };

  async function proven(proof: ComponentProof): Promise<{ travelled: ComponentProof; stored: ComponentProof | undefined }> {
    const { backupId } = await committed(stage.repository, 'shop', 'a');
    const { sha256 } = await stage.repository.readManifest('shop', backupId);
    const given = { service: 'shop', backupId, manifestSha256: sha256 };
    // What an engine has to say of a database with thousands of differing tables.
    const activities = stage.as(run('proof'), { engineFor: () => ({ prove: async () => proof }) as never });
    const travelled = await activities.proveComponent({ ...given, component: 'postgres' });
    const recorded = { ...given, components: [travelled], beganAt: '2026-11-23T02:00:00.000Z', finishedAt: '2026-11-23T02:00:01.000Z' };
    expect(await activities.recordProof(recorded)).toEqual({ verdict: proof.verdict });
    await activities.recordProof(recorded);
    const proofs = await stage.repository.listProofs('shop', backupId);
    expect(proofs).toHaveLength(1);
    return { travelled, stored: proofs[0]?.components[0] };
  }

  it('travels and is stored as it is where it is short', async () => {
    expect(await proven(short)).toEqual({ travelled: short, stored: short });
  });

  it('travels in part where it is long, says how much is missing, and is stored whole', async () => {
    const { travelled, stored } = await proven(long);
    expect(stored).toEqual(long);
    expect(travelled).toMatchObject({ component: 'postgres', verdict: 'failed', sentence: long.sentence, comparedObjects: 5000, leftOut: { differences: 4800, notCompared: 2800 } });
    expect([travelled.differences.length, travelled.notCompared.length]).toEqual([200, 200]);
    expect(Buffer.byteLength(JSON.stringify([travelled, travelled]))).toBeLessThan(2 * 1024 * 1024);
  });

  it('of which another attempt wrote the note is stored as it travelled', async () => {
    const { backupId } = await committed(stage.repository, 'shop', 'other');
    await stage.repository.recordOnce('shop', run('proof').runId, `proof-postgres-${backupId}`, long);
    const travelled: ComponentProof = { ...short, verdict: 'failed', leftOut: { differences: 1, notCompared: 0 } };
    await stage.as(run('proof')).recordProof({ service: 'shop', backupId, manifestSha256: 'a'.repeat(64), components: [travelled], beganAt: '2026-11-23T02:00:00.000Z', finishedAt: '2026-11-23T02:00:01.000Z' });
    expect((await stage.repository.listProofs('shop', backupId))[0]?.components).toEqual([travelled]);
  });
});
