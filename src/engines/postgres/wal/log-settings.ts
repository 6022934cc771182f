/** Reading and changing what a server's log depends on. Values go to psql as variables, never into the text of a statement. */
import { pollUntil } from '../../../containers/wait-until.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { isMade } from '../../../domain/wal/log-settings.ts';
import type { EngineContext } from '../../engine-context.ts';
import { roomOf, runningContainer } from '../inspect.ts';
import { queryJson, runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import { installArchiveScript, readArchiving } from './archive/archive-settings.ts';
import { archiveSettings, logSettings, type ArchiveSetting, type LogServerFacts, type LogSetting, type SettingChange } from '../../../domain/wal/server-settings.ts';

/** @throws ContainerNotFound, ContainerNotRunning, AuthenticationFailed, DatabaseUnreachable */
export async function readLogSettings(ctx: EngineContext, component: PostgresComponent): Promise<LogServerFacts> {
  const { id } = await runningContainer(ctx, component);
  const { dataDirectory, ...read } = await queryJson<Omit<LogServerFacts, 'freeBytes'> & { readonly dataDirectory: string | null }>(ctx, {
    containerId: id, component, database: null, operation: 'look at the settings of the log', sql: statements['log-settings.sql'], otherwise: 'HelperFailed',
  });
  const { freeBytes, walFreeBytes } = await roomOf(ctx, id, dataDirectory);
  return { ...read, freeBytes: walFreeBytes ?? freeBytes, ...(component.wal === 'archive' ? { archiving: await readArchiving(ctx, component) } : {}) };
}

/**
 * Makes the changes and has the server read them; those that need a restart are written down and wait for it. Idempotent: one that is made is made again.
 * @throws PermissionDenied, AmbiguousState where the server does not take one over
 */
export async function changeLogSettings(ctx: EngineContext, component: PostgresComponent, changes: readonly SettingChange[]): Promise<void> {
  const { id } = await runningContainer(ctx, component);
  const run = (sql: string, variables: Readonly<Record<string, string>> = {}): Promise<string> =>
    runPsql(ctx, { containerId: id, component, database: null, operation: 'change a setting of the log', sql, variables, otherwise: 'HelperFailed' });
  // One at a time: ALTER SYSTEM stands in no transaction.
  for (const { name, value } of changes) {
    if (name === 'archive_script') await installArchiveScript(ctx, component);
    else await run(`ALTER SYSTEM SET ${setting(name)} = :'value';`, { value });
  }
  await run('SELECT pg_reload_conf();');
  const missing = async (): Promise<readonly SettingChange[]> => {
    const facts = await readLogSettings(ctx, component);
    return changes.filter((change) => !isMade(facts, change));
  };
  const made = await pollUntil(async () => ((await missing()).length === 0 ? true : null), { withinMs: ctx.timing.fenceMs, everyMs: ctx.timing.pollMs, signal: ctx.signal });
  if (made !== null) return;
  throw new HoldfastFailure('AmbiguousState', {
    operation: 'change a setting of the log', object: component.container, cause: `${(await missing()).map(({ name }) => name).join(', ')} did not take effect`, hint: 'See the server\'s log: another file, or its command line, may say something else.',
  });
}

/** A name cannot be a variable here: it is one of these, whatever was asked for. @throws InvalidInput */
function setting(name: string): LogSetting | ArchiveSetting | 'summarize_wal' {
  const all = [...logSettings, ...archiveSettings, 'summarize_wal'] as const;
  const known = all.find((each) => each === name);
  if (known !== undefined) return known;
  throw new HoldfastFailure('InvalidInput', { operation: 'change a setting of the log', object: JSON.stringify(name).slice(0, 80), cause: 'it is none that the log depends on', hint: `These are ${all.join(', ')}.` });
}
