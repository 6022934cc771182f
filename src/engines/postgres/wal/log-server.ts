/** The server whose log is received: what it is, whether it can be, and the slot that keeps its log meanwhile. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { FailureType } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { pollUntil } from '../../../containers/wait-until.ts';
import type { WalCluster, WalContext } from '../../wal-source.ts';
import { queryJson, runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import { sessionContext, type Named, type Receiver } from './receiver.ts';

/** What log.sql prints. */
export interface LogServer extends WalCluster {
  readonly port: number;
  readonly listening: boolean;
  readonly inRecovery: boolean;
  /** That it writes; null in recovery. */
  readonly timeline: number | null;
  /** Null where the user may not read it. */
  readonly dataDirectory: string | null;
  readonly walLevel: string;
  readonly maxSenders: number;
  readonly freeSlots: number;
  readonly mayReplicate: boolean;
  /** How far a receiver is, even one of its own, is told to members of pg_read_all_stats only. */
  readonly mayWatch: boolean;
  /** `*` among synchronous_standby_names. */
  readonly takesAnyStandby: boolean;
  /** There is a database `postgres` to sit in. */
  readonly administrative: boolean;
  readonly slot: { readonly type: 'physical' | 'logical'; readonly active: boolean; readonly state: string } | null;
}

/** @throws AuthenticationFailed, DatabaseUnreachable */
export async function readLogServer(ctx: WalContext, component: PostgresComponent, containerId: string, receiver: Named & Partial<Pick<Receiver, 'slot'>>): Promise<LogServer> {
  return queryJson<LogServer>(sessionContext(ctx, receiver), {
    containerId, component, database: null, operation: 'look at the log', sql: statements['log.sql'], variables: { slot: receiver.slot ?? '' }, otherwise: 'HelperFailed',
  });
}

/** @throws UnsupportedTopology, PermissionDenied, NameTaken */
export function refuseServer(component: PostgresComponent, server: LogServer, slot: string): void {
  const refusal = refusalOf(component);
  refuseWithoutLog(component, server);
  if (server.maxSenders === 0) throw refusal('UnsupportedTopology', 'max_wal_senders is 0', 'Raise max_wal_senders and restart the server.');
  if (!server.mayReplicate) throw refusal('PermissionDenied', `${component.user} has not the attribute REPLICATION`, 'Give it to the user (ALTER ROLE … REPLICATION), or use a superuser.');
  if (!server.mayWatch) throw refusal('PermissionDenied', `${component.user} may not see how far a receiver is`, 'Grant it pg_read_all_stats (or pg_monitor).');
  if (server.slot?.type === 'logical') throw refusal('NameTaken', `the server has a logical slot ${slot}`, 'Drop it: the name is that of the receiver\'s own slot.');
  // One that has a slot goes on: with what it is, commits reckon already.
  if (server.slot === null && server.takesAnyStandby) {
    throw refusal('UnsupportedTopology', 'synchronous_standby_names holds *: the receiver would be a standby that commits wait for', 'Name there the standbys that are meant (ALTER SYSTEM, then a reload); or have the server archive its log itself: wal: archive.');
  }
  if (server.slot === null && server.freeSlots <= 0) throw refusal('UnsupportedTopology', 'all of its replication slots are taken', 'Raise max_replication_slots and restart the server, or drop a slot that nobody uses.');
}

/** For any way of keeping its log. @throws UnsupportedTopology */
export function refuseWithoutLog(component: PostgresComponent, server: LogServer): void {
  const refusal = refusalOf(component);
  if (server.inRecovery) throw refusal('UnsupportedTopology', 'the server is in recovery: a standby, or a copy that was not opened', 'Receive the log of its primary.');
  if (server.walLevel === 'minimal') throw refusal('UnsupportedTopology', 'wal_level is minimal: the log does not hold what recovery needs', 'Set wal_level = replica and restart the server.');
}

const refusalOf = (component: PostgresComponent) => (type: FailureType, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure(type, { operation: 'look at the log', object: component.container, cause, hint });

/** Is the slot there, with the log that it was to keep? */
export const keepsLog = (slot: LogServer['slot']): boolean => slot !== null && slot.state !== 'lost';

/** A slot that keeps the log from here on; one that has lost its own is dropped first. Another call's may be quicker: that is as good. */
export async function makeSlot(ctx: WalContext, component: PostgresComponent, containerId: string, receiver: Receiver): Promise<void> {
  await runPsql(sessionContext(ctx, receiver), {
    containerId, component, database: null, operation: 'create the replication slot', variables: { slot: receiver.slot }, otherwise: 'HelperFailed',
    sql: `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = :'slot' AND (restart_lsn IS NULL OR wal_status = 'lost');
SELECT pg_create_physical_replication_slot(:'slot', true) WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = :'slot');`,
  });
}

/** Whether somebody streams through the slot. */
export async function isStreaming(ctx: WalContext, component: PostgresComponent, containerId: string, receiver: Receiver): Promise<boolean> {
  return await queryJson<boolean>(sessionContext(ctx, receiver), {
    containerId, component, database: null, operation: 'look at the replication slot', variables: { slot: receiver.slot }, otherwise: 'HelperFailed',
    sql: 'SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = :\'slot\' AND active)::text;',
  });
}

/** Drops the slot once nobody streams through it any more. @throws DatabaseUnreachable where somebody goes on doing so, or the server does not answer */
export async function dropSlot(ctx: WalContext, component: PostgresComponent, containerId: string, receiver: Receiver): Promise<void> {
  const left = await pollUntil(async () => ((await isStreaming(ctx, component, containerId, receiver)) ? null : true), { withinMs: ctx.timing.fenceMs, everyMs: ctx.timing.pollMs, signal: ctx.signal });
  if (left === null) throw new HoldfastFailure('DatabaseUnreachable', { operation: 'drop the replication slot', object: receiver.slot, cause: 'the server goes on sending through it', hint: 'Look who receives (pg_stat_replication), end it, then try again.' });
  await runPsql(sessionContext(ctx, receiver), {
    containerId, component, database: null, operation: 'drop the replication slot', variables: { slot: receiver.slot }, otherwise: 'HelperFailed',
    sql: 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = :\'slot\';',
  });
}
