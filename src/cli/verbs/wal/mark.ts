import type { Command } from 'commander';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { checkMarkName } from '../../../domain/point.ts';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';

export function markCommand(): Command {
  return verb('mark', 'Give this moment of PostgreSQL a name that a restore can go back to; in a few seconds, for deploy pipelines.', ['mark before-deploy --reason "release 2.1"', 'mark --list'])
    .argument('[name]', '1 to 63 letters, digits, "_", "." or "-"; a name is given once')
    .option('--list', 'the marks there are, newest first')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<{ list?: boolean; reason?: string }>(async (context, { list, reason }, name) => {
      if (list === true) {
        if (name !== undefined) throw new HoldfastFailure('InvalidInput', { operation: 'read --list', object: JSON.stringify(name), cause: 'give either a name or --list', hint: 'holdfast mark --list shows all marks.' });
        const { listMarks } = await import('../../list-marks.ts');
        return listMarks(context, await theService(context));
      }
      const checked = checkMarkName(name);
      const service = (await theService(context)).name;
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'mark', service, () => given({ service, name: checked, reason, requestedBy: context.me }), noApproval(context));
    }));
}
