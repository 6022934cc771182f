/** What leaves the trash for good, and what is offered back because its removal is wrong by now. Pure. */
import { counted } from '../wording.ts';
import { binding } from './rules/keep-rules.ts';
import type { RetentionFacts, TrashedBackup } from './facts.ts';
import type { RetentionPolicy } from './policy.ts';
import { linksOf } from './rules/judge-backups.ts';
import type { KeepReason, KeepReasons, KeepRule } from './rules/keep-rules.ts';
import { sentenceOf } from './rules/keep-sentence.ts';

export interface TrashDecision {
  readonly backupId: string;
  readonly sequence: number;
  readonly outcome: 'offerBack' | 'stays' | 'leaves';
  readonly sentence: string;
}

/** What somebody asked for or was promised hangs on it. That a day or month would be kept longer by now is no such thing: it only stays where it is. */
const compelling: ReadonlySet<KeepRule> = new Set(['held', 'inUse', 'newestProven', 'newest', 'copies', 'log']);

/**
 * What others in the trash stand on leaves after them: who is stopped anywhere has left nothing that lacks what it stands on.
 * @param reasons of all that there is, the trash with it
 * @param isOverdue was it removed longer ago than the trash keeps?
 */
export function planTrash({ backups, trash }: RetentionFacts, reasons: KeepReasons, { trashDays }: RetentionPolicy, isOverdue: (trashedUpTo: number) => boolean): readonly TrashDecision[] {
  const compelled = trash.filter((each) => reasonsOf(each, reasons).some(({ rule }) => compelling.has(rule)));
  const neededBy = new Map([...backups.filter((each) => reasons.has(each.backupId)), ...compelled].flatMap((backup) => linksOf(backup).map((id) => [id, backup.backupId] as const)));
  const staying = trash.filter(({ trashedUpTo }) => !isOverdue(trashedUpTo));
  const stoodOn = new Set(staying.flatMap((backup) => linksOf(backup)));
  return trash.toSorted((a, b) => b.sequence - a.sequence).map((backup) => {
    const { backupId, sequence } = backup;
    if (compelled.includes(backup)) return { backupId, sequence, outcome: 'offerBack', sentence: `It should not have gone: ${sentenceOf(reasonsOf(backup, reasons))}` };
    if (neededBy.has(backupId)) return { backupId, sequence, outcome: 'offerBack', sentence: `It should not have gone: ${neededBy.get(backupId)} stands on it.` };
    const kept = backup.asked === true ? binding(reasonsOf(backup, reasons)) : reasonsOf(backup, reasons);
    if (kept.length > 0) return { backupId, sequence, outcome: 'stays', sentence: `It would be kept by now, and stays in the trash: ${sentenceOf(kept)}` };
    if (stoodOn.has(backupId)) return { backupId, sequence, outcome: 'stays', sentence: 'Another one in the trash stands on it.' };
    if (staying.includes(backup)) return { backupId, sequence, outcome: 'stays', sentence: `It can be taken back for ${counted(trashDays, 'day')} after it was removed.` };
    return { backupId, sequence, outcome: 'leaves', sentence: `It has been in the trash for ${counted(trashDays, 'day')}.` };
  });
}

const reasonsOf = ({ backupId }: TrashedBackup, reasons: KeepReasons): readonly KeepReason[] => reasons.get(backupId) ?? [];
