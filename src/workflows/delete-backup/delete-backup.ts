/** `deleteBackup`: one backup that somebody wants gone. Shown first; what goes is what was shown, into the trash, and nothing that retention promised. */
import { commonFields, commonInput, onlyFields, optionalText } from '../shared/input-fields.ts';
import { requireShown } from '../shared/require-shown.ts';
import { inFrame } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { DeleteBackupInput, DeleteBackupResult } from './messages.ts';

export async function deleteBackup(input: DeleteBackupInput): Promise<DeleteBackupResult> {
  return inFrame('deleteBackup', input, readInput, async (run) => {
    const { service, backup, reason, requestedBy, apply } = run.input;
    const deletion = await run.host.long.planDelete({ service, backup });
    const { backupId, repositories, trashDays } = deletion;
    for (const { repository, obstacle } of repositories) if (obstacle !== null) run.warn(`${repository}: it cannot be deleted now. ${obstacle}`);
    if (apply === undefined) {
      run.note(`${backupId} would go to the trash of ${repositories.map(({ repository }) => repository).join(', ')}, and after ${trashDays} days for good`);
      return { outcome: 'planned', deletion };
    }
    requireShown(`${service}/${backupId}`, 'delete a backup', deletion.digest, apply, `holdfast delete ${backupId}`);
    run.step(`Deleting ${backupId}`);
    const done = await run.host.long.carryOutDelete({ service, backupId, reason, ...(requestedBy === undefined ? {} : { requestedBy }) });
    run.done(`${backupId} is in the trash of ${done.repositories.join(', ')}; holdfast undelete ${backupId} takes it back`);
    return { outcome: 'deleted', deletion };
  });
}

function readInput(raw: Record<string, unknown>): DeleteBackupInput {
  onlyFields(raw, [...commonFields, 'backup', 'apply']);
  const { reason, ...common } = commonInput(raw);
  const [backup, apply] = [optionalText(raw, 'backup'), optionalText(raw, 'apply')];
  if (backup === undefined) throw missing('backup', 'Name the backup: holdfast list shows what there is.');
  if (reason === undefined) throw missing('reason', 'Say why: it is kept with the backup in the trash.');
  return { ...common, backup, reason, ...(apply === undefined ? {} : { apply }) };
}

const missing = (object: string, hint: string): Error => workflowFailure('InvalidInput', { operation: 'read the input', object, cause: 'it is missing', hint });
