/** `list`, and `restore` without an id: the table of what there is. Changes nothing and needs nothing running. */
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { Repository } from '../repository/repository.ts';
import { composeRepositories } from '../worker/dependencies.ts';
import { readCatalog, readHolds, releasedOf } from './backup-catalog.ts';
import { readAofSpans } from './aof-spans.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { liveState, type LiveState } from './live-state.ts';
import { readReachable, reachableObject } from './reachable.ts';
import { aofSpanLines } from './rendering/aof-text.ts';
import { backupTable, holdText, releasedText, serviceLine } from './rendering/backup-table.ts';
import { reachableLines } from './rendering/reachable-text.ts';

const shownBackups = 20;

/** `restore` without an id: the same table, under a line that says how the service is now. */
export const showWayBack = async (context: CommandContext, service: ServiceDefinition): Promise<ExitCode> => listBackups(context, service, false, await liveState(context, service));

export async function listBackups(context: CommandContext, service: ServiceDefinition, all: boolean, live: LiveState | null = null): Promise<ExitCode> {
  const { output } = context;
  const repositories = await repositoriesOf(context, service);
  const { entries, total } = await readCatalog(repositories, service.name, all ? Number.MAX_SAFE_INTEGER : shownBackups);
  const { holds, released, unreadable } = await readHolds(repositories, service.name);
  const reachable = await readReachable(repositories[0], service, context.environment);
  const spans = await readAofSpans(repositories[0], service);
  output.object({ service: service.name, ...(live === null ? {} : { live }), reachable: reachable.map(reachableObject), ...(spans.length === 0 ? {} : { appendOnlyFiles: spans }), holds, releasedHolds: released, total, backups: entries.map(({ manifest, ...entry }) => ({ ...entry, point: manifest?.point ?? null, components: manifest?.components.map(listedComponent) ?? [] })), exitCode: exitCodes.done });
  output.result(serviceLine(service, entries.find(({ manifest }) => manifest !== null)?.manifest ?? null, live));
  output.result('');
  for (const line of [...reachableLines(reachable, all, context.clock()), ...aofSpanLines(spans, context.clock())]) output.result(line);
  if (entries.length === 0) {
    output.result('  There is no backup yet. Take one: holdfast backup');
    return exitCodes.done;
  }
  for (const line of backupTable(entries, service.components.map(({ engine }) => engine), context.clock().timeZone)) output.result(line);
  output.result('');
  for (const line of [...holds.map(holdText), ...(holds.length === 0 ? [] : ['Let one go: holdfast unhold ID --reason TEXT.']), ...releasedOf(released, entries).map((each) => releasedText(each, context.clock().timeZone)), ...unreadable.map((problem) => `HELD: nothing may be removed, for a hold cannot be read (${problem})`)]) output.result(`  ${line}`);
  if (total > entries.length) output.result(`  ${total - entries.length} older ones: holdfast list --all`);
  output.result('  Come back to one: holdfast restore BACKUP. Nothing changes until you say yes.');
  return exitCodes.done;
}

const listedComponent = (backup: ComponentBackup) => ({
  component: backup.component, engine: backup.engine, artifacts: backup.artifacts, ...(backup.engine === 'postgres' && backup.method === 'base' && backup.chain !== undefined ? { chain: backup.chain } : {}),
});

/** The service's repositories, in its order. */
export async function repositoriesOf(context: CommandContext, service: Pick<ServiceDefinition, 'repositories'>): Promise<readonly Repository[]> {
  const repositories = composeRepositories(await context.config());
  return service.repositories.map((name) => {
    const repository = repositories.get(name);
    if (repository !== undefined) return repository;
    throw new HoldfastFailure('InvalidConfiguration', { operation: 'open the repository', object: name, cause: 'it is not configured', hint: 'Add it under "repositories".' });
  });
}
