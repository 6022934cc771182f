/** Retention on real repositories: what goes, what never does, how it comes back, and what stands in the way of all of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canaryFormat, type BackupManifest } from '../../../src/domain/backup-manifest.ts';
import { checkChain } from '../../../src/repository/check-chain.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { run } from '../../repository/sample-manifest.ts';
import { failing } from '../../support/failing.ts';
import { daily, dayMs, openRetentionStage, type RetentionStage } from './retention-stage.ts';

let stage: RetentionStage;
beforeEach(async () => {
  stage = await openRetentionStage({ days: 5, trashDays: 2 });
});
afterEach(() => stage.remove());

const inLocal = { service: 'shop', repository: 'local' };
let runs = 0;

/** A whole run: planned, and carried out. */
async function pruned(input = inLocal, approved = true) {
  runs += 1;
  const activities = stage.as(`prune${runs}`);
  const plan = await activities.planPrune(input);
  return { plan, done: await activities.carryOutPrune({ ...input, approved }) };
}

const listed = (repository: Repository): Promise<readonly string[]> => repository.listBackups('shop');
const inTrash = async (repository: Repository): Promise<readonly string[]> => (await repository.trash.list('shop')).map(({ backupId }) => backupId);
const idsOf = (backups: readonly BackupManifest[]): readonly string[] => backups.map(({ backupId }) => backupId);

describe.each(['local', 'far'] as const)('in the repository %s', (name) => {
  it('moves what is too old to the trash, each with its reason, and for good when its time is over', async () => {
    const repository = stage.repositories[name];
    const backups = await daily(stage, repository, 10);
    const { plan, done } = await pruned({ service: 'shop', repository: name });
    expect(plan.question).toMatch(/4 backups of 10 should have gone before/);
    expect(plan.backups.map(({ outcome }) => outcome)).toEqual([...Array<string>(6).fill('keep'), ...Array<string>(4).fill('remove')]);
    expect(plan.backups.at(-1)?.sentence).toMatch(/9 days old, and nothing keeps it/);
    expect(done.removed.toSorted()).toEqual(idsOf(backups.slice(0, 4)));
    expect([await listed(repository), await inTrash(repository)]).toEqual([idsOf(backups.slice(4)), idsOf(backups.slice(0, 4))]);

    // What comes of age since needs no yes.
    const later = await daily(stage, repository, 2);
    const second = await pruned({ service: 'shop', repository: name }, false);
    expect([second.plan.question, second.done.removed.length, second.done.gone.toSorted()]).toEqual([null, 2, idsOf(backups.slice(0, 4))]);
    expect(await listed(repository)).toEqual(idsOf([...backups.slice(6), ...later]));
    expect((await repository.trash.removed('shop')).map(({ backupId }) => backupId)).toEqual(idsOf(backups.slice(0, 4)));
    expect((await repository.storage.listNames('shop/backups')).length).toBe(8);
    expect((await checkChain(repository, 'shop')).damaged).toEqual([]);
    // And nothing is due twice.
    expect((await pruned({ service: 'shop', repository: name }, false)).done).toMatchObject({ removed: [], gone: [], spared: [] });
  });
});

it('is what is written down for a repository, and says so; for another it is the service\'s', async () => {
  const { local, far } = stage.repositories;
  await daily(stage, local, 10);
  await daily(stage, far, 10);
  stage.own = { far: { ...stage.policy, days: 8 } };
  const [here, there] = [await pruned(), await pruned({ service: 'shop', repository: 'far' })];
  expect([here.plan.counts.removed, there.plan.counts.removed]).toEqual([4, 1]);
  expect(here.plan.keeps).toBe('each backup of 5 days, the log of 7 days, at least 3 of each store, the trash for 2 days');
  expect(there.plan.keeps).toBe('each backup of 8 days, the log of 7 days, at least 3 of each store, the trash for 2 days, as written down for far');
  expect([(await listed(local)).length, (await listed(far)).length]).toEqual([6, 9]);
});

it('keeps the newest proven backup, whatever proofs of it could not be made since', async () => {
  const { local } = stage.repositories;
  stage.policy = { ...stage.policy, minimumCopies: 1 };
  const proven = await stage.back(local);
  for (let day = 0; day < 8; day += 1) {
    stage.nowMs += dayMs;
    await stage.back(local, 'dump', null);
  }
  const at = new Date(stage.nowMs).toISOString();
  const { sha256 } = await local.readManifest('shop', proven.backupId);
  await local.recordProof({ format: 1, service: 'shop', backupId: proven.backupId, manifestSha256: sha256, verdict: 'couldNotVerify', components: [], beganAt: at, finishedAt: at, run: run('proof') });
  const { plan } = await pruned();
  expect(plan.backups.at(-1)).toMatchObject({ backupId: proven.backupId, outcome: 'keep', sentence: expect.stringContaining('the newest proven dump') });
  expect(plan.counts.removed).toBeGreaterThan(0);
  expect(await listed(local)).toContain(proven.backupId);
});

describe('what stands in the way', () => {
  it('is a question that nobody answered, or that came up since', async () => {
    await daily(stage, stage.repositories.local, 10);
    const activities = stage.as('asks');
    expect((await activities.planPrune(inLocal)).question).not.toBeNull();
    await failing('PlanChanged', activities.carryOutPrune({ ...inLocal, approved: false }));
    expect(await inTrash(stage.repositories.local)).toEqual([]);
  });

  it('is another runbook, another service\'s repository, and a run without a plan', async () => {
    await daily(stage, stage.repositories.local, 10);
    await stage.as('foreign').planPrune(inLocal);
    await failing('ApprovalNotForThisRun', stage.as('foreign', 'restoreBackup').carryOutPrune({ ...inLocal, approved: true }));
    await failing('PlanChanged', stage.as('noPlan').carryOutPrune({ ...inLocal, approved: true }));
    await failing('InvalidInput', stage.as('other').planPrune({ service: 'shop', repository: 'elsewhere' }));
    expect(await inTrash(stage.repositories.local)).toEqual([]);
  });

  it('is behind a backup whatever asks: nobody has said yes there, whoever says that somebody did', async () => {
    await daily(stage, stage.repositories.local, 10);
    const behind = stage.as('b', 'takeBackup');
    expect((await behind.planPrune(inLocal)).question).not.toBeNull();
    await failing('PlanChanged', behind.carryOutPrune({ ...inLocal, approved: true }));
    expect(await inTrash(stage.repositories.local)).toEqual([]);
  });

  /** Another text in the place of an object that is there. */
  async function overwritten(path: string, text: string): Promise<void> {
    const { storage } = stage.repositories.local;
    await storage.remove(path);
    await storage.createExclusive(path, Buffer.from(text));
  }

  it('is a backup of a newer format, a hold or a rollback copy that cannot be read: they may need anything', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 10);
    const manifest = `shop/backups/${(backups[9] as BackupManifest).backupId}/manifest.json`;
    const original = Buffer.from(await local.storage.readSmall(manifest, 1_000_000)).toString();
    await overwritten(manifest, original.replace('"format":1', `"format":${canaryFormat + 1}`));
    await failing('UnsupportedFormat', pruned());
    await overwritten(manifest, original);
    for (const path of ['shop/holds/20260101-020000-postgres.json', 'shop/rollbacks/run-x.json', `shop/trash/backups/${(backups[0] as BackupManifest).backupId}/000000001.end.json`, 'shop/removed/20250101-000000.json', 'shop/retention/000000001.json']) {
      await local.storage.createExclusive(path, Buffer.from('{}'));
      await failing('RepositoryDamaged', pruned());
      await local.storage.remove(path);
    }
    expect(await inTrash(local)).toEqual([]);
    expect((await pruned()).done.removed).toHaveLength(4);
  });

  it('is a listing that failed', async () => {
    await daily(stage, stage.repositories.local, 10);
    stage.dying.local.arm({ atCall: 5, when: 'before' });
    await expect(pruned()).rejects.toThrow();
    stage.dying.local.arm(null);
    expect(await inTrash(stage.repositories.local)).toEqual([]);
  });
});

describe('what is needed stays', () => {
  it('a damaged one, a held one, one that a run reads, and the newest proven one, however old', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 4);
    for (let day = 0; day < 12; day += 1, stage.nowMs += dayMs) await stage.back(local, 'dump', null);
    const [damaged, held, read, proven] = idsOf(backups) as [string, string, string, string];
    await local.storage.remove(`shop/backups/${damaged}/manifest.json`);
    await local.storage.createExclusive(`shop/backups/${damaged}/manifest.json`, Buffer.from('{}'));
    await local.recordHold({ service: 'shop', backupId: held, reason: 'audit', at: '', run: run('h') });
    stage.runs = [{ workflowId: 'holdfast/verify/shop/1', runbook: 'verifyBackup', input: { service: 'shop', backup: read }, startedMs: 0 }];
    const { plan } = await pruned();
    const sentences = new Map(plan.backups.map(({ backupId, sentence }) => [backupId, sentence]));
    expect([damaged, held, read, proven].map((id) => sentences.get(id))).toEqual([
      expect.stringContaining('cannot be read'), expect.stringContaining('is on hold (audit)'), expect.stringContaining('is read by holdfast/verify/shop/1'), expect.stringContaining('is the newest proven dump'),
    ]);
    expect((await listed(local)).slice(0, 4)).toEqual([damaged, held, read, proven]);
  });

  it('while a run does not say what it reads, everything; of a service that is not its own, nothing', async () => {
    await daily(stage, stage.repositories.local, 10);
    stage.runs = [{ workflowId: 'holdfast/find/shop/1', runbook: 'findMoment', input: { service: 'shop', before: '1 hour ago' }, startedMs: 0 }];
    expect((await pruned()).plan.counts.removed).toBe(0);
    stage.runs = [{ workflowId: 'holdfast/prove/shop/1', runbook: 'proveBackup', input: null, startedMs: 0 }];
    expect((await pruned()).plan.counts.removed).toBe(0);
    stage.runs = [{ workflowId: 'holdfast/restore/other/1', runbook: 'restoreToPointInTime', input: { service: 'other' }, startedMs: 0 }];
    expect((await pruned()).done.removed).toHaveLength(4);
  });

  it('what came to be needed between the plan and its turn is spared', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 10);
    const activities = stage.as('spares');
    await activities.planPrune(inLocal);
    await local.recordHold({ service: 'shop', backupId: (backups[1] as BackupManifest).backupId, reason: 'just now', at: '', run: run('h') });
    expect(await activities.carryOutPrune({ ...inLocal, approved: true })).toMatchObject({ removed: [backups[3], backups[2], backups[0]].map((each) => each?.backupId), spared: [backups[1]?.backupId] });
    expect([await listed(local), await inTrash(local)]).toEqual([idsOf([...backups.slice(1, 2), ...backups.slice(4)]), idsOf([...backups.slice(0, 1), ...backups.slice(2, 4)])]);
  });

  /** Done to it when the move of that backup has come to its end. */
  function behindMoveOf(repository: RetentionStage['repositories']['local'], id: string | undefined, then: () => Promise<void>): void {
    const { move } = repository.trash;
    Object.assign(repository.trash, { async move(...given: Parameters<typeof move>) {
      await move(...given);
      if (given[1] === id) await then();
    } });
  }

  it('one that is held while those before it go', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 10);
    const activities = stage.as('held-late');
    await activities.planPrune(inLocal);
    behindMoveOf(local, backups[3]?.backupId, () => local.recordHold({ service: 'shop', backupId: backups[1]?.backupId ?? '', reason: 'just now', at: '', run: run('h') }));
    expect(await activities.carryOutPrune({ ...inLocal, approved: true })).toMatchObject({ spared: [backups[1]?.backupId] });
    expect(await listed(local)).toEqual(idsOf([...backups.slice(1, 2), ...backups.slice(4)]));
    // It did not even go and come back: meanwhile nobody could have read it.
    expect(await local.trash.knows('shop', backups[1]?.backupId ?? '')).toBe(false);
  });

  it('nothing else where many go, which are looked at anew every so often, and not before each', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 40);
    const activities = stage.as('many');
    const { counts } = await activities.planPrune(inLocal);
    const { listBackups } = local;
    let looks = 0;
    Object.assign(local, { listBackups: async (...given: Parameters<typeof listBackups>) => (looks += 1, listBackups(...given)) });
    expect((await activities.carryOutPrune({ ...inLocal, approved: true })).removed).toHaveLength(counts.removed);
    expect([counts.removed, looks]).toEqual([34, 4]);
    expect(await listed(local)).toEqual(idsOf(backups.slice(34)));
  });

  /** Seen by the so-manieth question after which runs are open, and by all that follow. */
  function opensAt(question: number, run: RetentionStage['runs'][number]): void {
    let asked = 0;
    Object.defineProperty(stage, 'runs', { configurable: true, get: () => ((asked += 1) >= question ? [run] : []), set: (runs) => void Object.defineProperty(stage, 'runs', { configurable: true, writable: true, value: runs }) });
  }

  it('nothing for the backup alone that has it done behind itself; another one keeps what it may go on from', async () => {
    const { local } = stage.repositories;
    stage.policy = { ...stage.policy, walDays: 1, minimumCopies: 1 };
    await daily(stage, local, 7, ['base']);
    const { workflowId } = run('behind');
    stage.runs = [{ workflowId: 'another', runbook: 'takeBackup', input: { service: 'shop', kind: 'base' }, startedMs: 0 }];
    expect((await stage.as('behind', 'takeBackup').planPrune(inLocal)).counts.removed).toBe(0);
    stage.runs = [{ workflowId, runbook: 'takeBackup', input: { service: 'shop', kind: 'base' }, startedMs: 0 }];
    const again = stage.as('behind', 'takeBackup');
    expect((await again.planPrune(inLocal)).counts.removed).toBe(1);
  });

  it('all of it, while the service is being restored', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 10);
    const restore = { workflowId: 'holdfast/restore/shop/1', runbook: 'restoreBackup', input: { service: 'shop', backup: backups[0]?.backupId ?? '' }, startedMs: 0 };
    stage.runs = [restore];
    const activities = stage.as('waits');
    expect(await activities.planPrune(inLocal)).toMatchObject({ waitsFor: restore.workflowId, counts: { removed: 0 }, question: null });
    expect((await failing('ServiceBusy', activities.carryOutPrune({ ...inLocal, approved: true }))).fields.cause).toContain(restore.workflowId);
    expect(await inTrash(local)).toEqual([]);
    // Whatever ends it, a termination too: it is not open any more.
    stage.runs = [];
    expect((await pruned()).done.removed).toHaveLength(4);
  });

  it('what a restore that begins in the midst of it has named, also where it went the moment before; and the rest', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 10);
    const activities = stage.as('overtaken');
    await activities.planPrune(inLocal);
    // One look at the beginning, and one before each: the newest of them goes first.
    opensAt(3, { workflowId: 'holdfast/restore/shop/1', runbook: 'restoreBackup', input: { service: 'shop', backup: backups[3]?.backupId ?? '' }, startedMs: 0 });
    await failing('ServiceBusy', activities.carryOutPrune({ ...inLocal, approved: true }));
    expect([await listed(local), await inTrash(local)]).toEqual([idsOf(backups), []]);
    expect(await local.trash.lastPlan('shop')).toBeNull();
  });

  it('what a run has begun to read when it was the last to go', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 7);
    const activities = stage.as('late');
    await activities.planPrune(inLocal);
    opensAt(3, { workflowId: 'holdfast/prove/shop/1', runbook: 'proveBackup', input: { service: 'shop', backup: backups[0]?.backupId ?? '' }, startedMs: 0 });
    expect(await activities.carryOutPrune({ ...inLocal, approved: true })).toMatchObject({ removed: [], spared: [backups[0]?.backupId], broughtBack: [] });
    expect(await listed(local)).toEqual(idsOf(backups));
  });

  it('nothing that the plan did not name goes, whatever came of age since', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 10);
    const activities = stage.as('later');
    await activities.planPrune(inLocal);
    await daily(stage, local, 3);
    expect((await activities.carryOutPrune({ ...inLocal, approved: true })).removed.toSorted()).toEqual(idsOf(backups.slice(0, 4)));
  });

  it('what a kept incremental backup stands on, while what nothing stands on goes', async () => {
    const { local } = stage.repositories;
    stage.policy = { ...stage.policy, walDays: 1, minimumCopies: 1 };
    const backups = await daily(stage, local, 12, ['base', 'incremental', 'incremental', 'incremental', 'incremental']);
    const { plan } = await pruned();
    // Six are young enough, and the oldest of them stands on the one before.
    expect(await listed(local)).toEqual(idsOf(backups.slice(5)));
    expect(plan.backups.find(({ backupId }) => backupId === backups[5]?.backupId)?.sentence).toMatch(/is what .* stands on/);
  });
});

it('goes on where another run that prunes at once was quicker', async () => {
  const { local } = stage.repositories;
  const backups = await daily(stage, local, 10);
  await pruned();
  await daily(stage, local, 3);
  const activities = stage.as('slower');
  await activities.planPrune(inLocal);
  const { removeForGood } = local.trash;
  Object.assign(local.trash, { async removeForGood(...given: Parameters<typeof removeForGood>) {
    await removeForGood(...given);
    return removeForGood(...given);
  } });
  expect(await activities.carryOutPrune({ ...inLocal, approved: true })).toMatchObject({ gone: [] });
  expect((await local.trash.removed('shop')).map(({ backupId }) => backupId)).toEqual(idsOf(backups.slice(0, 4)));
});

describe('the way back', () => {
  it('leads there where an attempt before had decided it, and was killed before the manifest was back', async () => {
    const { local } = stage.repositories;
    const [first = ''] = idsOf(await daily(stage, local, 6));
    const by = { at: '', run: run('killed') };
    await local.trash.move('shop', first, { upTo: 6, sound: true, by });
    await local.recordHold({ service: 'shop', backupId: first, reason: 'needed', at: '', run: run('killed') });
    await local.trash.bringBack('shop', first, by);
    await local.storage.remove(`shop/backups/${first}/manifest.json`);
    expect([await listed(local), await inTrash(local)].flat()).not.toContain(first);
    expect((await stage.as('killed', 'undeleteBackup').takeBackBackup({ service: 'shop', backup: first, reason: 'needed' })).backupId).toBe(first);
    expect(await listed(local)).toContain(first);
  });

  it('is held, and stays through the next prunes; with its chain', async () => {
    const { local } = stage.repositories;
    stage.policy = { ...stage.policy, walDays: 1, minimumCopies: 1 };
    const old = await daily(stage, local, 3, ['base', 'incremental', 'incremental']);
    await daily(stage, local, 9, ['base']);
    await pruned();
    expect(await inTrash(local)).toEqual(expect.arrayContaining([...idsOf(old)]));
    const wanted = (old[2] as BackupManifest).backupId;
    const undelete = () => stage.as('back', 'undeleteBackup').takeBackBackup({ service: 'shop', backup: wanted, reason: 'audit', requestedBy: 'mia@laptop' });
    expect(await undelete()).toEqual({ backupId: wanted, broughtBack: idsOf(old) });
    expect((await undelete()).backupId).toBe(wanted);
    expect((await listed(local)).slice(0, 3)).toEqual(idsOf(old));
    expect(await local.listHolds('shop')).toMatchObject([{ backupId: wanted, reason: 'audit', requestedBy: 'mia@laptop' }]);
    await daily(stage, local, 4, ['base']);
    await pruned();
    expect((await listed(local)).slice(0, 3)).toEqual(idsOf(old));
  });

  it('is refused for what is not in the trash, and to any other runbook', async () => {
    const backups = await daily(stage, stage.repositories.local, 10);
    await pruned();
    const back = (backup: string, runbook = 'undeleteBackup') => stage.as('back', runbook).takeBackBackup({ service: 'shop', backup, reason: 'x' });
    await failing('UnknownBackup', back((backups[9] as BackupManifest).backupId));
    await failing('UnknownBackup', back('20200101-000000'));
    await failing('InvalidInput', back('../../holds'));
    await failing('ApprovalNotForThisRun', back((backups[0] as BackupManifest).backupId, 'holdBackup'));
    expect(await stage.repositories.local.listHolds('shop')).toEqual([]);
  });

  it('comes by itself where a proof took away what had been relied on', async () => {
    const { local } = stage.repositories;
    stage.policy = { ...stage.policy, minimumCopies: 1 };
    const backups = await daily(stage, local, 10);
    await pruned();
    const newer = await listed(local);
    const at = new Date(stage.nowMs).toISOString();
    for (const backupId of newer) await local.recordProof({ format: 1, service: 'shop', backupId, manifestSha256: (await local.readManifest('shop', backupId)).sha256, verdict: 'failed', components: [], beganAt: at, finishedAt: at, run: run('proof') });
    expect((await pruned()).done.broughtBack).toContain((backups[3] as BackupManifest).backupId);
    expect(await listed(local)).toContain((backups[3] as BackupManifest).backupId);
  });
});
