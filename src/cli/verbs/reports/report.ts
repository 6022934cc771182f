import type { Command } from 'commander';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { act, verb } from '../../verb.ts';

const checked = 'exit 1 if a drill was missed or failed, an objective was missed or a report counts for nothing, 4 if a drill could not be verified (default: 0, whatever the report says)';
const paged = 'write it as one page, too, to be handed on or printed';

export function reportCommand(): Command {
  const command = verb('report', 'The signed reports of drills: what was restored, what came of it, how long it took.', ['report list', 'report show latest --html drill.html', 'report verify drill.html --key SHA256:…', 'report period 2026Q4'])
    .option('--period <period>', 'all services over a quarter (2026Q4), a month (2026-11) or a year (2026)')
    .option('--check', checked)
    .option('--html <file>', paged)
    .action(act<{ period?: string; check?: boolean; html?: string }>(async (context, { period, ...wishes }) => {
      if (period === undefined) throw new HoldfastFailure('InvalidInput', { operation: 'report', object: 'report', cause: 'it was not said what', hint: 'holdfast report list shows what there is; holdfast report --help what can be asked.' });
      return (await import('../../reports/report-commands.ts')).showPeriod(context, period, wishes);
    }));
  command.addCommand(verb('list', 'Every drill, newest first, with its verdict, RTO and RPO.').action(act(async (context) => (await import('../../reports/report-commands.ts')).listReports(context))));
  command.addCommand(verb('show', 'One report, whole.', ['report show latest', 'report show 20261123-020000 --json', 'report show latest --html drill.html'])
    .argument('<id>', 'the id of a drill, its first digits, or latest')
    .option('--html <file>', paged)
    .action(act<{ html?: string }>(async (context, { html }, id) => (await import('../../reports/report-commands.ts')).showReport(context, id ?? '', html))));
  command.addCommand(verb('verify', 'Is this report, or page, what was signed? Needs only the public key, and nothing running.', ['report verify report.json --key report-signing.pub', 'report verify drill.html --key SHA256:…'])
    .argument('<file>', 'a report.json, or a page')
    .option('--key <key>', 'a file with the public key, or its fingerprint (default: the key of this installation)')
    .option('--html <file>', 'write the page that belongs to it')
    .action(act<{ key?: string; html?: string }>(async (context, { key, html }, file) => (await import('../../reports/report-commands.ts')).verifyFile(context, file ?? '', { ...(key === undefined ? {} : { key }), ...(html === undefined ? {} : { html }) }))));
  command.addCommand(verb('period', 'All services over a period: who was drilled, who was not, what failed; and what that is evidence for.', ['report period 2026Q4', 'report period 2026Q4 --html 2026Q4.html    # one page, to be handed on or printed', 'report period 2026-11 --json', 'report period 2026-11 --check    # for cron: the same, and an exit code'])
    .argument('<period>', '2026Q4, 2026-11 or 2026')
    .option('--check', checked)
    .option('--html <file>', paged)
    .action(act<{ check?: boolean; html?: string }>(async (context, wishes, period) => (await import('../../reports/report-commands.ts')).showPeriod(context, period ?? '', wishes))));
  command.addCommand(verb('key', 'The public key that reports are signed with here, and its fingerprint.', ['report key > report-signing.pub', 'report key --pem'])
    .option('--pem', 'as PEM, for openssl')
    .action(act<{ pem?: boolean }>(async (context, { pem }) => (await import('../../reports/report-commands.ts')).showKey(context, pem === true))));
  return command;
}
