/**
 * Random histories, pruned again and again, each prune killed at a random call to the storage and then done again: the newest proven backup of each component can be
 * restored at every moment (G7), what is listed is whole, and what is done twice is done once.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backupDirectory } from '../../../src/domain/identifiers.ts';
import type { Verdict } from '../../../src/domain/proof.ts';
import { checkChain } from '../../../src/repository/check-chain.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { run } from '../../repository/sample-manifest.ts';
import { dayMs, openRetentionStage, type RetentionStage } from './retention-stage.ts';

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('back' as const), kind: fc.constantFrom('dump', 'base', 'incremental'), verdict: fc.constantFrom<Verdict | null>('proven', 'proven', 'failed', null), days: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('prune' as const), atCall: fc.integer({ min: 1, max: 150 }), when: fc.constantFrom('before', 'after') }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('hold', 'undelete'), which: fc.nat() }) },
);

/** All that a restore of it reads is there. */
async function isRestorable(repository: Repository, backupId: string): Promise<boolean> {
  const { manifest } = await repository.readManifest('shop', backupId);
  for (const component of manifest.components) {
    for (const { path, stored } of component.artifacts) if ((await repository.storage.stat(`${backupDirectory('shop', backupId)}/${path}`))?.sizeBytes !== stored.sizeBytes) return false;
    const chain = component.engine === 'postgres' && component.method === 'base' ? component.chain ?? [] : [];
    for (const link of chain) if ((await repository.readManifest('shop', link.backupId).catch(() => null))?.sha256 !== link.sha256 || !(await isRestorable(repository, link.backupId))) return false;
  }
  return true;
}

/** Of each component and kind, as long as a failed proof does not end it: `redis`, `postgres dump`, `postgres base`. */
type Newest = Map<string, string>;

async function newestProven(repository: Repository): Promise<Newest> {
  const found: Newest = new Map();
  for (const id of await repository.listBackups('shop')) {
    const proof = (await repository.listProofs('shop', id)).at(-1);
    if (proof?.verdict !== 'proven') continue;
    for (const component of (await repository.readManifest('shop', id)).manifest.components) found.set(`${component.component} ${component.engine === 'postgres' ? component.method : ''}`, id);
  }
  return found;
}

let runs = 0;
async function pruneKilled(stage: RetentionStage, where: 'local' | 'far', death: Parameters<RetentionStage['dying']['local']['arm']>[0]): Promise<boolean> {
  runs += 1;
  const activities = stage.as(`kill${runs}`);
  const input = { service: 'shop', repository: where };
  await activities.planPrune(input);
  stage.dying[where].arm(death);
  // The notes of the run are in the first repository, which lives on when the other one is killed.
  const isDone = await activities.carryOutPrune({ ...input, approved: true }).then(() => true, () => false);
  stage.dying[where].arm(null);
  return isDone;
}

async function again(stage: RetentionStage, where: 'local' | 'far'): Promise<void> {
  await stage.as(`kill${runs}`).carryOutPrune({ service: 'shop', repository: where, approved: true });
}

it.each(['local', 'far'] as const)('in the repository %s', async (where) => {
  let [kills, removals] = [0, 0];
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 30 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }), async (steps, days, trashDays) => {
    const stage = await openRetentionStage({ days, trashDays, walDays: 1, minimumCopies: 1 });
    const repository = stage.repositories[where];
    try {
      for (const [index, each] of steps.entries()) {
        if (each.what === 'back') {
          await stage.back(repository, each.kind as 'dump', each.verdict);
          stage.nowMs += each.days * dayMs;
        } else if (each.what === 'prune') {
          const before = await newestProven(repository);
          const listed = await repository.listBackups('shop');
          const isDone = await pruneKilled(stage, where, { atCall: each.atCall, when: each.when as 'before' });
          kills += isDone ? 0 : 1;
          const look = async (): Promise<void> => {
            const now = await newestProven(repository);
            for (const [what, id] of before) {
              // A base backup that came back with its chain may be newer.
              expect((now.get(what) ?? '') >= id).toBe(true);
            }
            // What stands on others went before them, and came back after them.
            for (const id of await repository.listBackups('shop')) expect([id, await isRestorable(repository, id)]).toEqual([id, true]);
            expect((await checkChain(repository, 'shop')).damaged).toEqual([]);
          };
          await look();
          await again(stage, where);
          await look();
          await again(stage, where);
          const left = await repository.listBackups('shop');
          removals += listed.filter((id) => !left.includes(id)).length;
          await look();
        } else {
          const trash = await repository.trash.list('shop');
          const listed = await repository.listBackups('shop');
          const entry = trash[each.which % Math.max(1, trash.length)];
          const id = listed[each.which % Math.max(1, listed.length)];
          if (each.what === 'undelete' && entry !== undefined) await stage.as(`undelete${index}-${runs}`, 'undeleteBackup').takeBackBackup({ service: 'shop', backup: entry.backupId, reason: 'needed' });
          if (each.what === 'hold' && id !== undefined) await repository.recordHold({ service: 'shop', backupId: id, reason: 'held', at: '', run: run(`hold${index}-${runs}`) });
        }
      }
    } finally {
      await stage.remove();
    }
  }), { numRuns: where === 'far' ? 30 : 4, endOnFailure: where === 'local' });
  // Enough came about of both; so few histories as on a disk need not have any.
  if (where === 'far') expect(Math.min(kills, removals)).toBeGreaterThan(5);
}, 900_000);
