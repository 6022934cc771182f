/** `proveBackup`: only a restore that was started and compared earns the word "proven". Changes no live data. */
import { readBackupChoice } from '../shared/input-fields.ts';
import { proveAndRecord, requireProven } from '../shared/proof-steps.ts';
import { inFrame } from '../shared/run.ts';
import type { ProveBackupInput, ProveBackupResult } from './messages.ts';

export async function proveBackup(input: ProveBackupInput): Promise<ProveBackupResult> {
  return inFrame('proveBackup', input, readBackupChoice, async (run) => {
    const { service } = run.input;
    const backup = await run.host.quick.findBackup({ service, backup: run.input.backup ?? 'latest' });
    run.step(`Proving ${backup.backupId}: restoring it into throwaway containers and comparing`);
    run.phase('checking');
    const outcome = await proveAndRecord(run, backup);
    requireProven(run, backup, outcome);
    return { backupId: backup.backupId, verdict: 'proven' as const, components: outcome.components };
  });
}
