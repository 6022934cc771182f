/** `undeleteBackup`: what was removed comes back from the trash, with what it stands on, and is held: the next prune would remove it again. */
import { readBackupChoice } from '../shared/input-fields.ts';
import { inFrame } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { UndeleteBackupInput, UndeleteBackupResult } from './messages.ts';

export async function undeleteBackup(input: UndeleteBackupInput): Promise<UndeleteBackupResult> {
  return inFrame('undeleteBackup', input, readInput, async (run) => {
    const { service, backup, reason, requestedBy } = run.input;
    run.step(`Taking ${backup} back from the trash`);
    const taken = await run.host.quick.takeBackBackup({ service, backup, reason: reason ?? 'taken back from the trash', ...(requestedBy === undefined ? {} : { requestedBy }) });
    run.done(`${taken.broughtBack.join(', ')} ${taken.broughtBack.length === 1 ? 'is' : 'are'} back; ${taken.backupId} stays until it is released (holdfast unhold)`);
    return taken;
  });
}

function readInput(raw: Record<string, unknown>): UndeleteBackupInput {
  const { backup, ...common } = readBackupChoice(raw);
  if (backup === undefined) throw workflowFailure('InvalidInput', { operation: 'read the input', object: 'backup', cause: 'it is missing', hint: 'Name the backup: holdfast list --trash shows what there is.' });
  return { ...common, backup };
}
