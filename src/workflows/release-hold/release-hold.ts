/** `releaseHold`: the end of a hold, with who said so and why. Removes nothing. */
import { readHoldChoice } from '../shared/input-fields.ts';
import { inFrame } from '../shared/run.ts';
import type { ReleaseHoldInput, ReleaseHoldResult } from './messages.ts';

export async function releaseHold(input: ReleaseHoldInput): Promise<ReleaseHoldResult> {
  return inFrame('releaseHold', input, readHoldChoice, async (run) => {
    run.step(`Releasing what is held under ${run.input.backup}`);
    const released = await run.host.quick.releaseHolds(run.input);
    run.done(`${released.backupId} holds nothing any more`);
    return released;
  });
}
