/** Backups that rollback copies hang on: what was brought in may have to be brought in again as long as the old is kept. Pure. */
import { replacementIn, type RollbackRecord, type RollbackState } from '../rollback.ts';
import type { BackupUse } from './facts.ts';

const over: ReadonlySet<RollbackState> = new Set(['rolledBack', 'undone', 'accepted']);

/** Where a rollback's record cannot be read, nobody knows what hangs on it: whoever reads the facts refuses then. */
export function rollbackUses(rollbacks: readonly { readonly record: RollbackRecord; readonly state: RollbackState }[]): readonly BackupUse[] {
  return rollbacks.filter(({ state }) => !over.has(state)).flatMap(({ record }) => {
    const replaced = record.cutOvers.map((cutOver) => replacementIn(cutOver)?.brings).flatMap((brings) => (brings?.kind === 'backup' ? [brings.backupId] : []));
    const named = record.backupId === null ? replaced : [record.backupId, ...replaced];
    return [...new Set(named)].map((backupId) => ({ backupId, by: `is what ${record.workflowId} brought in, whose rollback copy is kept` }));
  });
}
