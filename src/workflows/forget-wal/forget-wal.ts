/** `forgetWal`: where a log is kept no more, or its database is another one now: what was made to keep it goes, and first of all what keeps the server's own log: the slot, or an archive_command whose script would be gone. */
import type { PostgresComponent } from '../../domain/service.ts';
import { counted, sizeText } from '../../domain/wording.ts';
import { commonFields, commonInput, onlyFields, optionalText } from '../shared/input-fields.ts';
import { requireShown } from '../shared/require-shown.ts';
import { inFrame } from '../shared/run.ts';
import type { ForgetWalInput, ForgetWalResult } from './messages.ts';

export async function forgetWal(input: ForgetWalInput): Promise<ForgetWalResult> {
  return inFrame('forgetWal', input, readInput, async (run) => {
    const { service, apply } = run.input;
    const plan = await run.host.quick.planForgetLogs({ service });
    for (const { component, systemIdentifier, unstored, refusal, by } of plan.logs) {
      run.note(`${component}: ${by === 'archive' ? `the archiving of cluster ${systemIdentifier}, its script and its spool` : `the receiver of cluster ${systemIdentifier}, its slot and its volume`}${unstored.files === 0 ? '' : `; ${counted(unstored.files, 'file')} (${sizeText(unstored.sizeBytes)}) in no repository`}`);
      if (refusal !== null) run.warn(`${component}: ${refusal.cause}. ${refusal.hint}`);
    }
    if (plan.logs.length === 0) return { ...plan, outcome: 'nothing' };
    if (apply === undefined) return { ...plan, outcome: 'planned' };
    requireShown(service, 'forget the receiver', plan.digest, apply, 'holdfast wal forget');
    for (const { component: name, by } of plan.logs) {
      const component = run.components.find((each): each is PostgresComponent => each.name === name && each.engine === 'postgres');
      if (component === undefined) continue;
      run.step(`Forgetting the ${by === 'archive' ? 'archiving' : 'receiver'} of ${component.container}`);
      await run.host.long.forgetLog({ service, component, ...(by === undefined ? {} : { by }) });
      run.done(by === 'archive' ? `${name}: script and spool are gone, and archive_command does nothing; archive_mode goes back with the server's next restart` : `${name}: receiver, slot and volume are gone`);
    }
    return { ...plan, outcome: 'forgotten' };
  });
}

function readInput(raw: Record<string, unknown>): ForgetWalInput {
  onlyFields(raw, [...commonFields, 'apply']);
  const apply = optionalText(raw, 'apply');
  return { ...commonInput(raw), ...(apply === undefined ? {} : { apply }) };
}
