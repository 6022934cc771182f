/** Where incremental backups are taken, the server has to note what changes: a setting that somebody switched off is noticed at night otherwise. */
import type { ContainerRuntime } from '../../containers/container-runtime.ts';
import type { Component, ServiceDefinition } from '../../domain/service.ts';
import { missingSummaries } from '../../domain/wal/summarizing-plan.ts';
import { composeLogServers } from '../../worker/dependencies.ts';
import { readCatalog, type CatalogEntry } from '../backup-catalog.ts';
import type { CommandContext } from '../command-context.ts';
import { repositoriesOf } from '../list-backups.ts';
import { readingContext } from '../reading-context.ts';
import { check, ok, warn, type Finding } from './finding.ts';
import type { LogServerFacts } from '../../domain/wal/server-settings.ts';

/** A chain and its weekly full one are younger than that many backups. */
const lookedAt = 20;

export async function checkIncremental(service: ServiceDefinition, component: Component, runtime: ContainerRuntime, context: CommandContext): Promise<readonly Finding[]> {
  if (component.engine !== 'postgres') return [];
  const what = `${service.name}, incremental backups`;
  return check(what, async () => {
    // A repository that cannot be read is another check's.
    const entries = await readCatalog(await repositoriesOf(context, service), service.name, lookedAt).then((catalog) => catalog.entries, () => []);
    if (!entries.some((entry) => isIncremental(entry, component.name))) return [];
    return [incrementalFinding(what, component.container, await composeLogServers().read(readingContext(service.name, runtime, context), component))];
  });
}

const isIncremental = ({ manifest }: CatalogEntry, name: string): boolean =>
  manifest?.components.some((each) => each.component === name && each.engine === 'postgres' && each.method === 'base' && each.chain !== undefined) === true;

export function incrementalFinding(what: string, container: string, facts: LogServerFacts): Finding {
  const change = missingSummaries(facts);
  if (change !== null) return warn(what, `summarize_wal of ${container} is ${facts.summarizing?.value}: the next one is refused`, `holdfast wal enable --incremental, or ${change.statement} SELECT pg_reload_conf();`);
  return facts.summarizing == null ? warn(what, `${container} is older than PostgreSQL 17, which takes none`, 'holdfast backup --kind base') : ok(what, `${container} notes what changes`);
}
