import type { Command } from 'commander';
import { scheduledVerbs } from '../../../domain/schedules/scheduled-runbooks.ts';
import type { ApplyOptions } from '../../schedule/plan-and-apply.ts';
import { act, verb } from '../../verb.ts';

const which = `${scheduledVerbs.slice(0, -1).join(', ')} or ${scheduledVerbs.at(-1)} of the service, or the whole id of a schedule`;

export function scheduleCommand(): Command {
  const command = verb('schedule', 'What starts by itself: from `schedules` in holdfast.yaml, and its defaults, to Temporal\'s own schedules.', ['schedule plan', 'schedule apply', 'schedule list', 'schedule pause backup --reason "moving the disks"', 'schedule run base']);
  const direct = async () => import('../../schedule/direct.ts');
  command.addCommand(verb('plan', 'What there is, what there should be, and the difference, one term at a time. Changes nothing.', ['schedule plan', 'schedule plan --json'])
    .action(act(async (context) => (await import('../../schedule/plan-and-apply.ts')).schedulePlan(context))));
  command.addCommand(verb('apply', 'Show the difference and, once you say yes, make it so: create, change, and remove what is off. What was edited by hand stays, unless told otherwise; paused stays paused; what others made is never touched.', ['schedule apply', 'schedule apply --plan 7f3a-91c2', 'schedule apply --correct'])
    .option('--yes', 'do it without asking')
    .option('--plan <digits>', 'do it without asking where it is still what `schedule plan` showed')
    .option('--correct', 'also put back what was edited by hand')
    .action(act<ApplyOptions>(async (context, options) => (await import('../../schedule/plan-and-apply.ts')).scheduleApply(context, options))));
  command.addCommand(verb('list', 'The schedules there are: when they start next, what became of the last run, and how often one was skipped (the one before was still open) or missed (Temporal was down).')
    .action(act(async (context) => (await direct()).scheduleList(context))));
  command.addCommand(verb('pause', 'Start nothing until it is resumed; what runs goes on. Without a name: every schedule of the service.', ['schedule pause --reason "moving the disks"', 'schedule pause backup --reason "INC-42"'])
    .argument('[schedule]', which)
    .requiredOption('--reason <text>', 'why; kept and shown')
    .action(act<{ reason: string }>(async (context, { reason }, name) => (await direct()).schedulePause(context, name, reason))));
  command.addCommand(verb('resume', 'Start at the times again. What was due meanwhile is not caught up with.', ['schedule resume', 'schedule resume backup'])
    .argument('[schedule]', which)
    .action(act(async (context, _options, name) => (await direct()).scheduleResume(context, name))));
  command.addCommand(verb('run', 'Start a run now, as if it were due; none beside one that is open.', ['schedule run backup'])
    .argument('<schedule>', which)
    .action(act(async (context, _options, name) => (await direct()).scheduleRun(context, name))));
  command.addCommand(verb('remove', 'Remove schedules that Holdfast made; runs that were started go on. Without a name: every one of the service.', ['schedule remove', 'schedule remove base', 'schedule remove holdfast/backup/former-service'])
    .argument('[schedule]', which)
    .action(act(async (context, _options, name) => (await direct()).scheduleRemove(context, name))));
  return command;
}
