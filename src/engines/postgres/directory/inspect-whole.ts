/** Preflight of a restore that replaces a server's whole data, whatever state it is in: from its volume, and from the server itself where that answers. Reads only. */
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { ComponentFacts } from '../../engine.ts';
import { readServer } from '../inspect.ts';
import { warningsOf } from '../server/obstacles.ts';
import { queryJson } from '../server/psql.ts';
import type { ServerReading } from '../server/server-reading.ts';
import { sightData } from './data-place.ts';

/** Tools that receive a log for an archive, ours (`holdfast-…`) beside them: they begin anew by themselves, or are told by their owners. */
const receivers = ['pg_receivewal', 'pg_basebackup'];

/**
 * @param purpose `look` refuses nothing for what would be done to it
 * @throws ContainerNotFound, UnsupportedTopology for a standby, a primary with replicas, and what sightData refuses
 */
export async function inspectWhole(ctx: EngineContext, component: PostgresComponent, purpose: 'replace' | 'look'): Promise<ComponentFacts> {
  const { container, place, control, hasServer, freeBytes, unreadable, standby, followedThrough } = await sightData(ctx, component, purpose === 'replace' ? 'exchange' : 'look');
  // What it says of itself is of its last run; one that was copied from its primary and never ran is told by the file.
  const isStandby = standby || (control !== null && /in archive recovery|shut down in recovery/.test(control.state));
  if (purpose === 'replace' && isStandby) throw refusedStandby(component);
  const answer = container.state === 'running' ? await askServer(ctx, component, container.id, purpose) : `${component.container} is ${container.state}`;
  const server = typeof answer === 'string' ? null : answer;
  const slots = followedThrough.filter((name) => !name.startsWith('holdfast_'));
  return {
    pinned: { component: component.name, engine: 'postgres', container: component.container, containerId: container.id, volume: place.mount.source, identity: control?.systemIdentifier ?? null, database: component.database },
    version: server?.version ?? '',
    imageId: container.imageId,
    running: container.state === 'running',
    ...(isStandby || server?.inRecovery === true ? { standby: true } : {}),
    empty: !hasServer || server?.userObjects === 0,
    ...(control === null ? {} : { timeline: control.timeline }),
    dataSizeBytes: server?.sizeBytes ?? 0,
    freeBytes: Number.isFinite(freeBytes) ? freeBytes : null,
    warnings: [
      ...(server === null ? [] : [...warningsOf(container, server), ...leftBehind(server)]),
      ...(slots.length === 0 ? [] : [`Physical replication slots are not in the restored server: ${slots.join(', ')}; a replica that follows the server through one must not go on with what is replaced: stop it, and make it anew from the restored server`]),
      ...(hasServer ? [] : [`${component.container} has no server's data: nothing is replaced`]),
      ...(hasServer && typeof answer === 'string' ? [`The server does not answer (${answer}): only its files are known, and they are kept as they are`] : []),
      ...(unreadable === null ? [] : [`Its data cannot be read (${unreadable}): an undo could bring back no server that works`]),
    ],
  };
}

/** What the server says of itself, or why it says nothing. */
async function askServer(ctx: EngineContext, component: PostgresComponent, containerId: string, purpose: 'replace' | 'look'): Promise<ServerReading | string> {
  try {
    const server = await readServer(ctx, component, containerId, 'restore');
    if (purpose === 'look') return server;
    if (server.inRecovery) throw refusedStandby(component);
    const replicas = await queryJson<readonly string[]>(ctx, {
      containerId, component, database: null, operation: 'ask who follows the server', variables: { receivers: receivers.join(',') },
      sql: 'SELECT coalesce(json_agg(coalesce(nullif(application_name, \'\'), host(client_addr), \'one without a name\')), \'[]\') FROM pg_stat_replication WHERE NOT application_name = ANY (string_to_array(:\'receivers\', \',\')) AND NOT application_name LIKE \'holdfast-%\';',
    });
    if (replicas.length > 0) throw refused(component, `it has replicas (${replicas.slice(0, 5).join(', ')}), which would go on with what is replaced`, 'Stop them first; make them anew from the restored server.');
    return server;
  } catch (error) {
    if (!isFailure(error) || error.type === 'UnsupportedTopology') throw error;
    return error.fields.cause;
  }
}

const leftBehind = ({ slots, subscriptions, preparedTransactions }: ServerReading): readonly string[] => [
  ...(slots.length === 0 ? [] : [`Logical replication slots are not in the restored server: ${slots.join(', ')}`]),
  ...(subscriptions.length === 0 ? [] : [`Subscriptions go on from the restored server's state: ${subscriptions.join(', ')}; look at their origins before they are enabled`]),
  ...(preparedTransactions.length === 0 ? [] : [`Prepared transactions stay with what is set aside: ${preparedTransactions.join(', ')}`]),
];

const refusedStandby = (component: PostgresComponent): HoldfastFailure => refused(component, 'the server is a standby', 'Restore into its primary; then make the standby anew.');

const refused = (component: PostgresComponent, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('UnsupportedTopology', { operation: 'inspect the database', object: component.container, cause, hint });
