/** `verifyBackup`: is what is stored still what was stored? It says nothing about whether it restores: that is `proveBackup`. */
import { engineTitle } from '../../domain/wording.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import { readBackupChoice } from '../shared/input-fields.ts';
import { inFrame } from '../shared/run.ts';
import type { VerifyBackupInput, VerifyBackupResult } from './messages.ts';

export async function verifyBackup(input: VerifyBackupInput): Promise<VerifyBackupResult> {
  return inFrame('verifyBackup', input, readBackupChoice, async (run) => {
    const { service } = run.input;
    const { backupId, manifestSha256, components } = await run.host.quick.findBackup({ service, backup: run.input.backup ?? 'latest' });
    run.step(`Verifying ${backupId}: reading and hashing every byte`);
    run.phase('checking');
    const verified = await allOrNone(components.map(({ component, engine }) => async () => {
      const result = await run.host.long.verifyComponent({ service, backupId, manifestSha256, component, depth: 'full' });
      run.done(`${engineTitle(engine)} verified: ${result.sentence}`);
      return result;
    }));
    return { backupId, components: verified };
  });
}
