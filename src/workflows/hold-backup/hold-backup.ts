/** `holdBackup`: somebody wants a backup kept, whatever the retention says. */
import { readHoldChoice } from '../shared/input-fields.ts';
import { inFrame } from '../shared/run.ts';
import type { HoldBackupInput, HoldBackupResult } from './messages.ts';

export async function holdBackup(input: HoldBackupInput): Promise<HoldBackupResult> {
  return inFrame('holdBackup', input, readHoldChoice, async (run) => {
    run.step(`Putting ${run.input.backup} on hold`);
    const held = await run.host.quick.holdOne(run.input);
    run.done(`${held.backupId} stays until it is released`);
    return held;
  });
}
