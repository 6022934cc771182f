/** What a prune keeps, removes and why, in lines. Pure. */
import type { Deletion } from '../../domain/retention/deletion.ts';
import { changesAnything, type PrunePlan } from '../../domain/retention/prune-plan.ts';
import { counted } from '../../domain/wording.ts';
import type { PruneBackupsResult } from '../../workflows/prune-backups/messages.ts';
import { tableText } from './table.ts';

const trashWords = { offerBack: 'comes back', stays: 'in the trash', leaves: 'goes for good' } as const;

export const prunePlanLines = (plans: readonly PrunePlan[]): readonly string[] => plans.flatMap((plan) => [
  `${plan.repository}: ${counted(plan.counts.kept, 'backup')} kept, ${plan.counts.removed} into the trash, ${plan.counts.leaving} out of it for good.${plan.oldest === null ? '' : ` The oldest to come back to is ${plan.oldest}.`}`,
  ...(plan.keeps === undefined ? [] : [`  Kept: ${plan.keeps}.`]),
  ...tableText([
    ...plan.backups.map(({ backupId, outcome, sentence }) => [backupId, outcome === 'keep' ? 'kept' : 'removed', sentence]),
    ...plan.trash.map(({ backupId, outcome, sentence }) => [backupId, trashWords[outcome], sentence]),
    ...plan.logs.map(({ component, removes, leaves, sentence }) => [`log of ${component}`, removes + leaves === 0 ? 'kept' : `${removes} removed, ${leaves} for good`, sentence]),
    ...plan.aofs.map(({ component, bases, sentence }) => [`AOF of ${component}`, bases === 0 ? 'kept' : 'removed', sentence]),
  ]),
  ...(plan.leftOut === 0 ? [] : [`  ${plan.leftOut} more are kept.`]),
  ...plan.remarks.map((remark) => `  ${remark}`),
  ...(plan.waitsFor === undefined ? [] : [`  WAITS: ${plan.waitsFor} is restoring the service; nothing goes before it has ended.`]),
  ...(plan.question === null ? [] : [`  ASKS: ${plan.question}`]),
]);

export const deletionLines = ({ backupId, repositories, point, components, trashDays }: Deletion): readonly string[] => [
  `${backupId}: ${components.join(' and ')} until ${point}`,
  ...repositories.map(({ repository, obstacle }) => (obstacle === null ? `  goes to the trash of ${repository}, and after ${counted(trashDays, 'day')} for good` : `  stays in ${repository}: ${obstacle}`)),
];

export function prunedLines({ outcome, plans, done }: PruneBackupsResult): readonly string[] {
  if (outcome === 'planned') return prunePlanLines(plans);
  if (outcome === 'nothing' || !plans.some(changesAnything)) return ['Nothing was due.'];
  return done.flatMap(({ repository, removed, spared, broughtBack, gone, segments, aofs }) => [
    `${repository}: ${counted(removed.length, 'backup')} and ${counted(segments.removed, 'segment')} of the log are in the trash; ${counted(gone.length, 'backup')} and ${counted(segments.gone, 'segment')} are gone for good.`,
    ...(aofs.bases + aofs.increments === 0 ? [] : [`${repository}: ${counted(aofs.bases, 'base')} of the append-only file ${aofs.bases === 1 ? 'is' : 'are'} gone, with what was written behind.`]),
    ...(broughtBack.length === 0 ? [] : [`Back from the trash: ${broughtBack.join(', ')}`]),
    ...(spared.length === 0 ? [] : [`Needed since, and kept: ${spared.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`To take one back: holdfast undelete ${removed[0]}`]),
  ]);
}
