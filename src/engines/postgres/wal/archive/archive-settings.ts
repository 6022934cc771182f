/** What a server that archives its log itself is set to: read, made so, and taken back. */
import { HoldfastFailure, isFailure } from '../../../../domain/failures.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import { pollUntil } from '../../../../containers/wait-until.ts';
import { archiveCommand, commandOwner, endingStatements } from '../../../../domain/wal/archive-command.ts';
import type { EngineContext } from '../../../engine-context.ts';
import type { WalContext } from '../../../wal-source.ts';
import { runningContainer } from '../../inspect.ts';
import { queryJson, runPsql, type PsqlContext } from '../../server/psql.ts';
import { archiveScript, installScript, statements } from '../../server/script-text.ts';
import { sessionContext } from '../receiver.ts';
import { archivePlace, archiveScriptSha256, currentScript, watcherOf } from './archive-place.ts';
import { runOnArchive } from './on-archive.ts';
import type { ArchiveSetting, ArchivingFacts, SettingFacts } from '../../../../domain/wal/server-settings.ts';

const composeServiceLabel = 'com.docker.compose.service';

/** What archiving.sql prints. */
interface ArchivingReading {
  readonly settings: Readonly<Partial<Record<ArchiveSetting, SettingFacts>>>;
  readonly dataDirectory: string | null;
}

const readingOf = (ctx: PsqlContext, component: PostgresComponent, containerId: string): Promise<ArchivingReading> =>
  queryJson(ctx, { containerId, component, database: null, operation: 'look at the archiving of the log', sql: statements['archiving.sql'], otherwise: 'HelperFailed' });

/** @throws ContainerNotFound, ContainerNotRunning, AuthenticationFailed, DatabaseUnreachable */
export async function readArchiving(ctx: EngineContext, component: PostgresComponent): Promise<ArchivingFacts> {
  const database = await runningContainer(ctx, component);
  const { id } = watcherOf({ namespaceId: ctx.owner.namespaceId, service: ctx.service }, component);
  const place = archivePlace(database, id);
  const { settings } = await readingOf(ctx, component, database.id);
  return {
    settings, wanted: archiveCommand(id, archiveScriptSha256), owner: commandOwner(settings.archive_command?.value ?? '', id, archiveScriptSha256),
    script: place === null ? null : { path: `${place.directory}/${currentScript}`, installed: await isInstalled(ctx, database.id, `${place.directory}/${currentScript}`) },
    composeService: database.labels[composeServiceLabel] ?? null,
  };
}

/** Is it there, with the bytes that its name promises, and the spool beside it? By single commands, in the place where the server looks. */
async function isInstalled(ctx: EngineContext, containerId: string, path: string): Promise<boolean> {
  const directory = path.slice(0, path.lastIndexOf('/'));
  const sum = await ctx.runtime.exec(containerId, { argv: ['sha256sum', path], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  if (sum.exitCode !== 0 || !sum.stdout.startsWith(archiveScriptSha256)) return false;
  const found = await ctx.runtime.exec(containerId, { argv: ['stat', '-c', '%a %F', path, `${directory}/spool`, `${directory}/breaks`], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  return found.exitCode === 0 && /^[4-7]\d\d regular file\n[67]\d\d directory\n[67]\d\d directory\n$/.test(found.stdout);
}

/** @throws UnsupportedTopology, HelperFailed, PermissionDenied where the data directory is not told */
export async function installArchiveScript(ctx: EngineContext, component: PostgresComponent): Promise<void> {
  const database = await runningContainer(ctx, component);
  const watcher = watcherOf({ namespaceId: ctx.owner.namespaceId, service: ctx.service }, component);
  const place = archivePlace(database, watcher.id);
  const call = { operation: 'put the script of the archiving in its place', object: component.container };
  if (place === null) throw new HoldfastFailure('UnsupportedTopology', { ...call, cause: 'the path is on no volume of the container', hint: 'Look at the plan again: holdfast wal enable.' });
  const { dataDirectory } = await readingOf(ctx, component, database.id);
  // The server runs as whoever owns its data: it starts as nobody else.
  const found = dataDirectory === null ? null : await ctx.runtime.exec(database.id, { argv: ['stat', '-c', '%u:%g', dataDirectory], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  const owner = found?.exitCode === 0 ? found.stdout.trim() : '';
  if (!/^\d+:\d+$/.test(owner)) throw new HoldfastFailure('PermissionDenied', { ...call, cause: 'the user of the server cannot be told', hint: 'Let the database user read settings (pg_read_all_settings), or use a superuser.' });
  await runOnArchive({ runtime: ctx.runtime, signal: ctx.signal, named: watcher, imageId: database.imageId, place, script: installScript, args: [place.beside, currentScript, archiveScriptSha256, owner], stdin: archiveScript });
}

/**
 * The server calls our script no more. An empty archive_command would have it keep its log for ever while archive_mode is on, which only a restart changes; so it
 * is one that does nothing, and archive_mode goes back to what the server's files say, with the next restart. Another's command is left as it is. Idempotent.
 * @throws AmbiguousState where it calls the script all the same
 */
export async function endArchiving(ctx: WalContext, component: PostgresComponent): Promise<void> {
  const { id } = await runningContainer(ctx, component);
  const watcher = watcherOf(ctx, component);
  const session = sessionContext(ctx, watcher);
  const command = async (): Promise<SettingFacts | undefined> => (await readingOf(session, component, id)).settings.archive_command;
  const isOurs = (setting: SettingFacts | undefined): boolean => commandOwner(setting?.value ?? '', watcher.id, archiveScriptSha256).kind === 'ours';
  const now = await command();
  if (!isOurs(now)) return;
  if (now?.source === 'command line') throw stillCalled(component, 'archive_command stands on the container\'s command line, and calls the script', 'Take it out there, make the container anew, then try again.');
  // One at a time: ALTER SYSTEM stands in no transaction.
  for (const sql of [...endingStatements, 'SELECT pg_reload_conf();']) await runPsql(session, { containerId: id, component, database: null, operation: 'end the archiving of the log', sql, otherwise: 'HelperFailed' });
  const ended = await pollUntil(async () => (isOurs(await command()) ? null : true), { withinMs: ctx.timing.fenceMs, everyMs: ctx.timing.pollMs, signal: ctx.signal });
  if (ended === null) throw stillCalled(component, 'archive_command did not take effect', 'See the server\'s log: another file may say something else.');
}

const stillCalled = (component: PostgresComponent, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('AmbiguousState', { operation: 'end the archiving of the log', object: component.container, cause, hint });

/** Whether a server's command line keeps its archiving from being ended; null where it does not, or is not there to be asked. */
export async function obstacleToEnd(ctx: WalContext, component: PostgresComponent): Promise<string | null> {
  try {
    const { id } = await runningContainer(ctx, component);
    const watcher = watcherOf(ctx, component);
    const { settings: { archive_command: now } } = await readingOf(sessionContext(ctx, watcher), component, id);
    return now?.source === 'command line' && commandOwner(now.value, watcher.id, archiveScriptSha256).kind === 'ours' ? 'archive_command stands on the container\'s command line, and calls the script' : null;
  } catch (error) {
    if (isFailure(error, 'ContainerNotFound') || isFailure(error, 'ContainerNotRunning') || isFailure(error, 'DatabaseUnreachable')) return null;
    throw error;
  }
}
