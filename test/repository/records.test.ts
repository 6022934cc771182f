/** Proofs, plans, approvals, rollbacks and notes. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '../../src/domain/approval.ts';
import type { ProofRecord } from '../../src/domain/proof.ts';
import type { RestorePlan } from '../../src/domain/restore-plan.ts';
import { rollbackMilestones, type RollbackMilestone, type RollbackRecord } from '../../src/domain/rollback.ts';
import { isFailure } from '../../src/domain/failures.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { run } from './sample-manifest.ts';

let objects: Map<string, Uint8Array>;
let repository: Repository;
beforeEach(() => {
  objects = new Map();
  repository = createRepository('nas', createInMemoryStorage(objects));
});

describe('proofs', () => {
  const proof = (finishedAt: string, verdict: ProofRecord['verdict'] = 'proven'): ProofRecord =>
    ({ format: 1, service: 'shop', backupId: '20261123-010000', manifestSha256: 'a'.repeat(64), verdict, components: [], beganAt: '2026-11-23T02:00:00.000Z', finishedAt, run: run('prover-1') });

  it('are listed newest last, whatever order they came in', async () => {
    const proofs = ['2026-11-24T02:00:00.000Z', '2026-11-23T02:00:00.001Z', '2026-11-23T02:00:00.000Z'].map((at) => proof(at));
    for (const each of proofs) await repository.recordProof(each);
    expect(await repository.listProofs('shop', '20261123-010000')).toEqual(proofs.reverse());
    expect(await repository.listProofs('shop', '20261123-010001')).toEqual([]);
  });

  it('are recorded once, again is success, and another verdict under the name is refused', async () => {
    await repository.recordProof(proof('2026-11-23T02:00:00.000Z'));
    await repository.recordProof(proof('2026-11-23T02:00:00.000Z'));
    await failing('RepositoryDamaged', repository.recordProof(proof('2026-11-23T02:00:00.000Z', 'failed')));
    expect(await repository.listProofs('shop', '20261123-010000')).toHaveLength(1);
  });

  it('do not make an unfinished backup exist', async () => {
    await repository.recordProof(proof('2026-11-23T02:00:00.000Z'));
    expect(await repository.listBackups('shop')).toEqual([]);
  });
});

describe('plans and approvals', () => {
  const nonce = '0123456789abcdef0123456789abcdef';
  const approval = (name: string, digest = 'd'.repeat(64)): ApprovalRecord => ({ format: 1, digest, workflowId: run(name).workflowId, runId: run(name).runId, by: 'ana', reason: null, approvedAt: '2026-11-23T02:00:00.000Z' });
  const plan: RestorePlan = {
    body: { format: 1, operation: 'restore', service: 'shop', backup: null, rollbackOf: null, stores: [], restarts: [], steps: ['Close'], losses: [], compared: [], notCompared: [], notes: [], wayBack: 'undo' },
    envelope: { workflowId: 'w', runId: 'r', nonce, issuedAt: '2026-11-23T02:00:00.000Z', expiresAt: '2026-11-23T06:00:00.000Z', digest: 'd'.repeat(64) },
  };

  it('keep a plan as it was shown, and no other under its nonce', async () => {
    await repository.recordPlan(plan);
    expect(await repository.readPlan('shop', nonce)).toEqual(plan);
    await failing('AlreadyExists', repository.recordPlan({ ...plan, body: { ...plan.body, steps: ['Drop'] } }));
    await failing('ApprovalInvalid', repository.readPlan('shop', 'f'.repeat(32)));
    await failing('ApprovalInvalid', repository.readPlan('bank', nonce));
  });

  it('consume a nonce for one run and digest, as often as it asks', async () => {
    expect(await repository.readApproval('shop', nonce)).toBeNull();
    expect(await repository.consumeNonce('shop', nonce, approval('a'))).toBe(true);
    expect(await repository.consumeNonce('shop', nonce, approval('a'))).toBe(true);
    expect(await repository.consumeNonce('shop', nonce, { ...approval('a'), approvedAt: '2026-11-23T03:00:00.000Z' })).toBe(true);
    expect(await repository.readApproval('shop', nonce)).toEqual(approval('a'));
  });

  it('refuse a consumed nonce to another run, workflow or digest', async () => {
    await repository.consumeNonce('shop', nonce, approval('a'));
    for (const other of [approval('b'), { ...approval('a'), runId: 'reset' }, { ...approval('a'), workflowId: 'other' }, approval('a', 'e'.repeat(64))]) {
      expect(await repository.consumeNonce('shop', nonce, other)).toBe(false);
    }
    expect(await repository.readApproval('shop', nonce)).toEqual(approval('a'));
  });

  it('let one of many runs have it', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, each) => repository.consumeNonce('shop', nonce, approval(`p${each}`))));
    expect(answers.filter((answer) => answer)).toHaveLength(1);
    const winner = answers.indexOf(true);
    expect(await repository.consumeNonce('shop', nonce, approval(`p${winner}`))).toBe(true);
  });

  it('grant nothing over an approval with any bit flipped', async () => {
    await repository.consumeNonce('shop', nonce, approval('a'));
    const path = `shop/approvals/${nonce}.json`;
    const whole = Buffer.from(objects.get(path) as Uint8Array);
    for (let offset = 0; offset < whole.byteLength * 8; offset += 1) {
      const flipped = Buffer.from(whole);
      flipped[offset >> 3] = (whole[offset >> 3] as number) ^ (1 << (offset & 7));
      objects.set(path, flipped);
      for (const ask of [repository.readApproval('shop', nonce), repository.consumeNonce('shop', nonce, approval('a'))]) {
        expect(await ask.then(() => 'granted', (error: unknown) => isFailure(error) && ['RepositoryDamaged', 'UnsupportedFormat'].includes(error.type))).toBe(true);
      }
    }
  });

  it.each(['null', '[]', '{}', '"x"', '{"format":1}'])('grant nothing over an approval that says %s', async (text) => {
    objects.set(`shop/approvals/${nonce}.json`, Buffer.from(text));
    await failing('RepositoryDamaged', repository.consumeNonce('shop', nonce, approval('a')));
    await failing('RepositoryDamaged', repository.readApproval('shop', nonce));
  });

  it('refuse a nonce that leads elsewhere', async () => {
    for (const hostile of ['../x', 'a/../../x', '..']) {
      if (hostile !== '..') await failing('InvalidInput', repository.consumeNonce('shop', hostile, approval('a')));
      if (hostile !== '..') await failing('InvalidInput', repository.readPlan('shop', hostile));
    }
    expect([...objects.keys()].every((path) => !path.includes('..'))).toBe(true);
  });
});

describe('rollbacks', () => {
  const record = (name: string, recordedAt = '2026-11-23T02:00:00.000Z'): RollbackRecord =>
    ({ format: 1, service: 'shop', operation: 'restore', ...run(name), backupId: null, point: null, cutOvers: [], restartPolicies: [], createdRoles: [], undoneRunId: null, recordedAt });
  const by = { workflowId: 'w', runId: 'r', at: '2026-11-23T02:00:01.000Z' };

  it('are recorded once; the same again is success, another is not', async () => {
    expect(await repository.readRollback('shop', 'run-a')).toBeNull();
    await repository.recordRollback(record('a'));
    await repository.recordRollback(record('a'));
    await failing('AmbiguousState', repository.recordRollback({ ...record('a'), createdRoles: ['x'] }));
    expect(await repository.readRollback('shop', 'run-a')).toEqual({ record: record('a'), state: 'recorded', milestones: [], acceptedBy: null });
  });

  it.each<[RollbackMilestone[], string]>([
    [['opening'], 'opening'], [['opening', 'opened'], 'opened'], [['rolledBack'], 'rolledBack'], [['opening', 'opened', 'undone'], 'undone'], [['opening', 'opened', 'accepted'], 'accepted'],
  ])('stand where their milestones %j say', async (milestones, state) => {
    await repository.recordRollback(record('a'));
    for (const milestone of milestones) await repository.markRollback('shop', 'run-a', milestone, by);
    expect(await repository.readRollback('shop', 'run-a')).toMatchObject({ state, milestones });
  });

  it('keep the first writer of a milestone', async () => {
    await repository.recordRollback(record('a'));
    await repository.markRollback('shop', 'run-a', 'opening', by);
    await repository.markRollback('shop', 'run-a', 'opening', { ...by, runId: 'repair' });
    expect(JSON.parse(Buffer.from(objects.get('shop/rollbacks/run-a.opening.json') as Uint8Array).toString())).toMatchObject({ format: 1, milestone: 'opening', ...by });
  });

  it('are listed oldest first, without their milestones as entries', async () => {
    await repository.recordRollback(record('a', '2026-11-23T05:00:00.000Z'));
    await repository.recordRollback(record('b', '2026-11-23T03:00:00.000Z'));
    for (const milestone of rollbackMilestones) await repository.markRollback('shop', 'run-b', milestone, by);
    expect((await repository.listRollbacks('shop')).map((rollback) => [rollback.record.runId, rollback.state])).toEqual([['run-b', 'accepted'], ['run-a', 'recorded']]);
    expect(await repository.listRollbacks('bank')).toEqual([]);
  });

  it('are refused with any bit of any byte flipped: they decide over live data', async () => {
    await repository.recordRollback(record('a'));
    const path = 'shop/rollbacks/run-a.json';
    const whole = Buffer.from(objects.get(path) as Uint8Array);
    for (let bit = 0; bit < whole.byteLength * 8; bit += 1) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (whole[bit >> 3] as number) ^ (1 << (bit & 7));
      objects.set(path, flipped);
      expect(await repository.readRollback('shop', 'run-a').then(() => 'read', (error: unknown) => isFailure(error))).toBe(true);
    }
  });

  it('are told apart where one cannot be read: whoever changes data is refused, whoever only adds is not', async () => {
    for (const name of ['a', 'b', 'c']) await repository.recordRollback(record(name));
    objects.set('shop/rollbacks/run-b.json', Buffer.from(Buffer.from(objects.get('shop/rollbacks/run-b.json') as Uint8Array).toString().replace('restore', 'restorE')));
    await failing('RepositoryDamaged', repository.listRollbacks('shop'));
    const { rollbacks, unreadable } = await repository.surveyRollbacks('shop');
    expect([rollbacks.map((each) => each.record.runId), unreadable.map(({ runId, failure }) => [runId, failure.type])]).toEqual([['run-a', 'run-c'], [['run-b', 'RepositoryDamaged']]]);
    objects.set('shop/rollbacks/run-b.json', Buffer.from('{"format":2}'));
    await failing('UnsupportedFormat', repository.listRollbacks('shop'));
    expect((await repository.surveyRollbacks('shop')).unreadable).toHaveLength(1);
  });

  it('are nothing without a record, whatever milestones say', async () => {
    await repository.markRollback('shop', 'run-a', 'opened', by);
    expect(await repository.readRollback('shop', 'run-a')).toBeNull();
    expect(await repository.listRollbacks('shop')).toEqual([]);
  });
});

describe('notes of a run', () => {
  it('belong to the first writer; everyone reads the winner', async () => {
    expect(await repository.recordOnce('shop', 'run-a', 'delay', { value: '5' })).toEqual({ value: '5' });
    expect(await repository.recordOnce('shop', 'run-a', 'delay', { value: '0' })).toEqual({ value: '5' });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, each) => repository.recordOnce('shop', 'run-a', 'race', each)));
    expect(new Set(answers).size).toBe(1);
    expect(await repository.readNotes('shop', 'run-a')).toEqual({ delay: { value: '5' }, race: answers[0] });
  });

  it('are kept apart by run and service, and found by run', async () => {
    await repository.recordOnce('shop', 'run-a', 'x', 'a');
    await repository.recordOnce('shop', 'run-b', 'x', 'b');
    await repository.recordOnce('bank', 'run-c', 'x', 'c');
    expect(await repository.listNotedRuns('shop')).toEqual(['run-a', 'run-b']);
    expect(await repository.readNotes('shop', 'run-b')).toEqual({ x: 'b' });
    await repository.removeNotes('shop', 'run-a');
    await repository.removeNotes('shop', 'run-a');
    expect(await repository.listNotedRuns('shop')).toEqual(['run-b']);
    expect(await repository.readNotes('shop', 'run-a')).toEqual({});
    expect(await repository.listNotedRuns('bank')).toEqual(['run-c']);
  });

  it('are refused when something changed them', async () => {
    await repository.recordOnce('shop', 'run-a', 'x', { a: 1 });
    objects.set('shop/runs/run-a/x.json', Buffer.from(Buffer.from(objects.get('shop/runs/run-a/x.json') as Uint8Array).toString().replace('"a":1', '"a":2')));
    await failing('RepositoryDamaged', repository.readNotes('shop', 'run-a'));
    await expect(repository.recordOnce('shop', 'run-a', 'x', { a: 1 })).rejects.toMatchObject({ type: 'RepositoryDamaged' });
  });

  it('refuse names that lead elsewhere', async () => {
    for (const hostile of ['..', '.', '', 'a/../..']) {
      await failing('InvalidInput', repository.removeNotes('shop', hostile));
      await failing('InvalidInput', repository.recordOnce('shop', hostile, 'x', 1));
    }
    await failing('InvalidInput', repository.recordOnce('shop', 'run-a', '../../x', 1));
  });
});
