import { expect, it } from 'vitest';
import { deletionLines, prunedLines, prunePlanLines } from '../../../src/cli/rendering/prune-text.ts';
import type { PrunePlan } from '../../../src/domain/retention/prune-plan.ts';

const plan: PrunePlan = {
  repository: 'nas', digest: 'a'.repeat(64), question: null, oldest: '20261122-010000', remarks: ['20261110-010000 failed its newest proof: it counts for nothing, and goes.'], leftOut: 0,
  backups: [{ backupId: '20261122-010000', outcome: 'keep', sentence: 'It is 1 day old, and each is kept for 30 days.' }, { backupId: '20261010-010000', outcome: 'remove', sentence: 'It is 43 days old, and nothing keeps it.' }],
  trash: [{ backupId: '20261001-010000', outcome: 'leaves', sentence: 'It has been in the trash for 7 days.' }], aofs: [],
  logs: [{ component: 'postgres', systemIdentifier: '7', removes: 3, offersBack: 0, leaves: 1, sentence: 'It is kept from 20261122-010000 on.' }],
  counts: { kept: 1, removed: 1, offeredBack: 0, leaving: 1 },
};

it('says of each what becomes of it, and why', () => {
  expect(prunePlanLines([plan])).toEqual([
    'nas: 1 backup kept, 1 into the trash, 1 out of it for good. The oldest to come back to is 20261122-010000.',
    '  20261122-010000  kept                   It is 1 day old, and each is kept for 30 days.',
    '  20261010-010000  removed                It is 43 days old, and nothing keeps it.',
    '  20261001-010000  goes for good          It has been in the trash for 7 days.',
    '  log of postgres  3 removed, 1 for good  It is kept from 20261122-010000 on.',
    '  20261110-010000 failed its newest proof: it counts for nothing, and goes.',
  ]);
  expect(prunePlanLines([{ ...plan, keeps: 'each backup of 30 days, as written down for nas', waitsFor: 'holdfast/restore/shop/x' }])).toEqual(expect.arrayContaining(['  Kept: each backup of 30 days, as written down for nas.', '  WAITS: holdfast/restore/shop/x is restoring the service; nothing goes before it has ended.']));
  expect(prunePlanLines([{ ...plan, question: 'is it meant so?', leftOut: 3 }]).slice(-3)).toEqual(['  3 more are kept.', `  ${plan.remarks[0]}`, '  ASKS: is it meant so?']);
});

it('says of a backup that is to be deleted what it covers, and where it goes or why it stays', () => {
  const deletion = { backupId: '20261122-010000', repositories: [{ repository: 'nas', obstacle: null }, { repository: 'tape', obstacle: 'It is on hold (audit).' }], point: '2026-11-22T01:00:03.000Z', components: ['postgres', 'redis'], trashDays: 7, digest: 'a'.repeat(64) };
  expect(deletionLines(deletion)).toEqual(['20261122-010000: postgres and redis until 2026-11-22T01:00:03.000Z', '  goes to the trash of nas, and after 7 days for good', '  stays in tape: It is on hold (audit).']);
});

it('says what was done, and the way back', () => {
  const done = { repository: 'nas', removed: ['20261010-010000'], spared: ['20261011-010000'], broughtBack: [], gone: ['20261001-010000'], segments: { removed: 3, broughtBack: 0, gone: 1 }, aofs: { bases: 0, increments: 0 } };
  expect(prunedLines({ plans: [plan], digest: plan.digest, outcome: 'pruned', done: [done] })).toEqual([
    'nas: 1 backup and 3 segments of the log are in the trash; 1 backup and 1 segment are gone for good.', 'Needed since, and kept: 20261011-010000', 'To take one back: holdfast undelete 20261010-010000',
  ]);
  expect(prunedLines({ plans: [plan], digest: plan.digest, outcome: 'nothing', done: [] })).toEqual(['Nothing was due.']);
});
