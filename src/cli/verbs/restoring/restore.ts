import type { Command } from 'commander';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { pointText } from '../../../domain/point.ts';
import type { ServiceDefinition } from '../../../domain/service.ts';
import type { Runbooks } from '../../../client/runbooks.ts';
import { theService, type CommandContext } from '../../command-context.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { localAndUtc } from '../../rendering/local-time.ts';
import { act, given, verb } from '../../verb.ts';
import { approverFrom } from '../approver.ts';
import { checkBackupChoice } from '../backup-choice.ts';
import { namesCopy, readCopyOptions } from '../copy-options.ts';
import { parseInto } from '../into.ts';
import { readPointOptions, type AskedPoint, type PointOptions } from '../point-options.ts';
import { parseSince } from '../since.ts';
import { collectTable, tablesInput, type TablesOptions } from './restore-tables.ts';

interface Options extends PointOptions, TablesOptions { timeline?: string; cluster?: string; only?: string; into?: string; port?: string; dryRun?: boolean; replace?: boolean; since?: string; reason?: string; confirm?: string; by?: string }

export function restoreCommand(): Command {
  return verb('restore', 'Come back to a backup, or to any second: --to, --before. Without one: what there is to come back to. Nothing live changes until you say yes.', [
    'restore', 'restore 20261123-010000 --reason INC-212', 'restore latest --dry-run', 'restore --before xid:918442         # just before that transaction', 'restore --to "2026-11-23T02:47:05+01:00"', 'restore --to "5 minutes ago" --dry-run', 'restore --before xid:918442 --into looking      # a copy at that moment, on a port; the service is not touched', 'restore latest --into looking      # a copy of what the backup holds', 'restore latest --into postgres=test-postgres,redis=test-redis', 'restore latest --confirm story-portal      # a script says yes', 'restore latest --table orders --table customers --dry-run', 'restore latest --table orders --into-schema before_the_accident', 'restore --before "5 minutes ago" --table orders      # its rows of then, all else stays',
  ])
    .argument('[backup]', 'an id, its first digits, or latest')
    .option('--to <point>', 'any moment that the log leads to, what happened at it included: a time with its offset, "5 minutes ago", lsn:…, xid:…, mark:NAME, backup:ID, latest')
    .option('--before <point>', 'the same, what happened at it left out')
    .option('--timeline <number>', 'along which timeline (default: the youngest)')
    .option('--cluster <id>', 'of which cluster, by its system identifier (default: the one that is live)')
    .option('--only <stores>', 'these stores and no others: postgres. What is left out stays as it is')
    .option('--dry-run', 'check, make ready, compare and show the plan; then remove everything again')
    .option('--replace', 'with a backup, where old and new PostgreSQL data do not fit beside each other: the old is copied to the repository, compared, and dropped first')
    .option('--into <name>', 'a copy of that name instead, with servers of its own, on ports of this host (holdfast clone). Or other containers: postgres=NAME,redis=NAME')
    .option('--port <number>', 'of a copy: where the first store is reached on 127.0.0.1, or postgres=15432,redis=16379 (default: free ones)')
    .option('--table <name>', 'only this table: its rows as they were, in a dump or at a moment, go into the live one; may be given several times', collectTable)
    .option('--exact', 'with --table: rows that were not there then are removed (default: left, and said)')
    .option('--into-schema <name>', 'with --table: into a new schema beside the live tables, which are not touched')
    .option('--since <time>', 'when the disaster began: 02:47, 2026-11-23T02:47:05, or with an offset; RTO and RPO count from it')
    .option('--reason <text>', 'why; kept and shown')
    .option('--confirm <name>', 'the service\'s name: approve the plan without asking')
    .option('--by <name>', 'who asks and approves (default: you at this machine)')
    .action(act<Options>(async (context, options, backup) => {
      refuseReplace(options);
      const asked = readRewind(backup, options);
      if (backup === undefined && asked === null) refuseWithoutBackup(options);
      const service = await theService(context);
      const tables = tablesInput(options);
      if (asked !== null) return tables === null ? rewind(context, service, asked, options) : restoreTables(context, service, given({ ...pointInput(context, asked, options), ...tables }), options);
      if (backup === undefined) return (await import('../../list-backups.ts')).showWayBack(context, service);
      if (tables !== null) return restoreTables(context, service, given({ backup: checkBackupChoice(backup), ...tables }), options);
      const copy = readCopyOptions(options, service.components);
      if (copy !== null) return makeCopy(context, service, { backup: checkBackupChoice(backup) }, copy, options);
      const into = parseInto(options.into, service.components) ?? await intoFromEnvironment(context, service);
      const input = given({ ...commonOf(context, service, options), backup: checkBackupChoice(backup), replace: options.replace, into, since: parseSince(options.since, new Date()) });
      const { runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'restore', service.name, () => input, approverFrom(context, service.name, options));
    }));
}

/** @throws InvalidInput with what takes another way */
function refuseReplace({ replace, to, before, table, into }: Options): void {
  if (replace !== true) return;
  const other = [[to, '--to', 'A moment is recovered beside what is there, to be looked at first; where that does not fit, restore a proven backup.'], [before, '--before', 'A moment is recovered beside what is there, to be looked at first; where that does not fit, restore a proven backup.'], [table, '--table', 'Tables go into the live database.'], [into, '--into', 'Give a container with an empty volume instead.']] as const;
  for (const [value, option, hint] of other) if (value !== undefined) throw new HoldfastFailure('InvalidInput', { operation: 'read the options', object: `--replace, ${option}`, cause: 'they do not go together', hint });
}

const onlyWithPoint = ['timeline', 'cluster'] as const;

/** The moment that is asked for; null where a backup is. @throws InvalidInput where both are, or what belongs to a moment stands without one */
function readRewind(backup: string | undefined, options: Options): AskedPoint | null {
  const { to, before } = options;
  if (to === undefined && before === undefined) {
    const alone = [...onlyWithPoint, ...(namesCopy(options.into) ? [] : ['port'] as const)].find((name) => options[name] !== undefined);
    if (alone === undefined) return null;
    throw new HoldfastFailure('InvalidInput', { operation: 'read the moment', object: `--${alone}`, cause: 'no moment is named', hint: 'It belongs to --to or --before.' });
  }
  tablesInput(options);
  if (backup === undefined) return readPointOptions({ to, before }, Date.now());
  throw new HoldfastFailure('InvalidInput', { operation: 'read the moment', object: backup, cause: 'a backup and a moment are named', hint: `To come back to the end of that backup with what the log adds: --to backup:${backup}; to the backup itself: leave --to and --before out.` });
}

async function restoreTables(context: CommandContext, service: ServiceDefinition, what: Omit<Runbooks['tables']['input'], 'service'>, options: Options): Promise<ExitCode> {
  if (await intoFromEnvironment(context, service) !== undefined) throw redirectedTables();
  const input = { service: service.name, ...what, ...given({ dryRun: options.dryRun, reason: options.reason, requestedBy: options.by ?? context.me }) };
  return (await import('../../run-runbook.ts')).runRunbook(context, 'tables', service.name, () => input, approverFrom(context, service.name, options));
}

/** The moment as the runbooks take it; a time is said as people here read it. */
function pointInput(context: CommandContext, { point, inclusive }: AskedPoint, { timeline, cluster }: Options) {
  const text = pointText(point);
  if (point.kind === 'time') context.output.progress(`${inclusive ? 'To' : 'Just before'} ${localAndUtc(point.at, context.clock().timeZone, context.clock().now)} (${text})`);
  return { ...(inclusive ? { to: text } : { before: text }), timeline: timeline === undefined ? undefined : wholeNumber(timeline), cluster };
}

async function rewind(context: CommandContext, service: ServiceDefinition, asked: AskedPoint, options: Options): Promise<ExitCode> {
  const copy = readCopyOptions(options, service.components);
  const point = pointInput(context, asked, options);
  if (copy !== null) return makeCopy(context, service, point, copy, options);
  const into = parseInto(options.into, service.components) ?? await intoFromEnvironment(context, service);
  const input = given({ ...commonOf(context, service, options), ...point, into, since: parseSince(options.since, new Date()) });
  return (await import('../../run-runbook.ts')).runRunbook(context, 'rewind', service.name, () => input, approverFrom(context, service.name, options));
}

async function makeCopy(context: CommandContext, service: ServiceDefinition, what: Pick<Runbooks['clone']['input'], 'backup'> | ReturnType<typeof pointInput>, copy: NonNullable<ReturnType<typeof readCopyOptions>>, options: Options): Promise<ExitCode> {
  if (options.since !== undefined || options.confirm !== undefined) throw new HoldfastFailure('InvalidInput', { operation: 'read the copy', object: options.since === undefined ? '--confirm' : '--since', cause: 'a copy changes nothing live: nothing is approved, and nothing comes back', hint: 'Leave it out.' });
  const { runRunbook, noApproval } = await import('../../run-runbook.ts');
  return runRunbook(context, 'clone', service.name, () => given({ ...commonOf(context, service, options), ...what, ...copy }), noApproval(context));
}

const commonOf = (context: CommandContext, service: ServiceDefinition, options: Options) => ({
  service: service.name, only: options.only?.split(',').map((name) => name.trim()), dryRun: options.dryRun, reason: options.reason, requestedBy: options.by ?? context.me,
});

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new HoldfastFailure('InvalidInput', { operation: 'read --timeline', object: JSON.stringify(text.slice(0, 80)), cause: 'it is no number of a timeline', hint: 'Give a whole number from 1 on.' });
}

/** Somebody who says how, but not which, has forgotten the id: answering with a list would look like a restore that was done. */
function refuseWithoutBackup({ only, replace, into, dryRun, since, reason, confirm, by, table, exact, intoSchema }: Options): void {
  const named = Object.entries({ only, table, exact, 'into-schema': intoSchema, replace, into, 'dry-run': dryRun, since, reason, confirm, by }).filter(([, value]) => value !== undefined).map(([name]) => `--${name}`);
  if (named.length === 0) return;
  throw new HoldfastFailure('InvalidInput', { operation: 'find the backup', object: named.join(' '), cause: 'no backup is named, so nothing is restored', hint: 'Name one, or latest: holdfast restore latest … . What there is: holdfast list.' });
}

/** Somebody who set these expects that nothing goes into the live containers. */
const redirectedTables = (): HoldfastFailure => new HoldfastFailure('InvalidInput', {
  operation: 'read the environment', object: 'POSTGRES_CONTAINER, REDIS_CONTAINER', cause: 'they redirect a restore, and tables are restored into the service\'s own container alone', hint: 'Unset them, or restore the whole into the other containers.',
});

/** The environment names of the backup scripts point a restore elsewhere, and somebody may have left them set: said before anything starts. */
async function intoFromEnvironment(context: CommandContext, service: ServiceDefinition): Promise<Readonly<Record<string, string>> | undefined> {
  if ((await context.config()).path === null) return undefined;
  const { containersFromEnvironment, redirectionNotice } = await import('../../../config/environment-config.ts');
  const into = containersFromEnvironment(service.components, context.environment);
  if (into !== undefined) context.output.notice(redirectionNotice(service.components, into));
  return into;
}
