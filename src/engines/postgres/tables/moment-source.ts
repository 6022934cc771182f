/**
 * A moment of the log as a source of tables: a whole copy of the server recovered to it in a volume of the run, and there made a server of its own. Paused it would not do: a transaction
 * that has not ended at that moment holds its tables (`--before` a DROP, a TRUNCATE), and nothing can be made in it. Promoted, such a transaction is over without having been carried out.
 */
import { HoldfastFailure } from '../../../domain/failures.ts';
import { atMoment } from '../../../domain/tables/definition.ts';
import type { TableName } from '../../../domain/tables/table-name.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import type { MomentRecovery, ReachedMoment, RecoveredComponent } from '../../moment-engine.ts';
import type { Inspection } from '../inspect.ts';
import { refuseOlderMajor } from '../prepare.ts';
import { recoveryRoomBytes } from '../recovery/recovery-room.ts';
import { promote, type RecoveryServer } from '../recovery/recovery-server.ts';
import { awaitTarget, imageOf, ownPlace, removeOwnRecovery, startRecovery, type Recovery, type RecoveryPlace } from '../recovery/start-recovery.ts';
import { coveredBy } from '../recovery/target.ts';
import { queryJson, runPsql } from '../server/psql.ts';
import type { ServerPlace } from '../side/side-database.ts';
import type { TableOrigin, TablesAsTheyWere } from './as-they-were.ts';

const reachedKey = (component: string): string => `postgres-tables-reached-${component}`;

/** @param prepare either way of restoring tables, given where they come from @throws what it throws, and {@link momentOrigin} */
export async function prepareFromMoment(ctx: EngineContext, component: PostgresComponent, recovery: MomentRecovery, prepare: (origin: TableOrigin) => Promise<PreparedComponent>): Promise<RecoveredComponent> {
  const prepared = await prepare(momentOrigin(ctx, recovery));
  // Noted before the rows were taken, and so before what was prepared: by this attempt or an earlier one.
  const reached = await ctx.readNote(reachedKey(component.name)) as ReachedMoment;
  return {
    reached,
    prepared: {
      ...prepared, loss: { ...prepared.loss, after: coveredBy(recovery, reached) },
      notCompared: [{
        object: 'the rows as they were', reason: `no manifest says what they were at a moment. What stands for it: every file of base backup and log had its SHA-256, and the copy that they were read from is the server as it was at ${reached.lsn}, by its own word, with nothing behind`,
      }],
    },
  };
}

/** @throws VersionMismatch, ImageMissing, NotEnoughSpace, DiskFull, ArtifactDamaged, RepositoryUnreachable, PointUnreachable, RestoreFailed, DatabaseNotFound where it was not there then, TableUnfit (unlogged), and what `use` throws */
export const momentOrigin = (ctx: EngineContext, recovery: MomentRecovery): TableOrigin => ({
  then: atMoment,
  comparedObjects: 0,
  notCompared: [],
  within: (place, inspection, use) => withCopyAt(ctx, place, inspection, recovery, use),
});

/** What an earlier attempt made goes first. Given up on, this one leaves what it made to the next, or to the clean-up of the run. */
async function withCopyAt<T>(ctx: EngineContext, { component }: ServerPlace, inspection: Inspection, recovery: MomentRecovery, use: (from: TablesAsTheyWere) => Promise<T>): Promise<T> {
  refuseOlderMajor(component, inspection, recovery.backup);
  try {
    const answer = await use(await copyAt(ctx, component, recovery));
    await removeOwnRecovery(ctx, component.name);
    return answer;
  } catch (error) {
    // The reason matters more than what cannot be removed just now.
    if (!ctx.signal.aborted) await removeOwnRecovery(ctx, component.name).catch(() => undefined);
    throw error;
  }
}

async function copyAt(ctx: EngineContext, component: PostgresComponent, { backup, source, files, archive, timeline, target, inclusive }: MomentRecovery): Promise<TablesAsTheyWere> {
  const imageId = await imageOf(ctx, { backup });
  const place = await ownPlace(ctx, component.name);
  const recovery: Recovery = { backup, source, request: { target, inclusive, timeline }, log: { files, mount: archive }, imageId, place, settings, roomBytes: recoveryRoomBytes(backup, files.length) };
  const recovered = await startRecovery(ctx, recovery);
  const reached = await awaitTarget(ctx, recovery, recovered);
  await noteReached(ctx, component, reached);
  ctx.progress({ phase: 'open the copy' });
  await promote(ctx, recovered, reached.lsn);
  const from = entered(component, recovered, place, { imageId, majorVersion: backup.server.majorVersion });
  await endPrepared(ctx, from.place);
  return { ...from, requireWhole: (tables) => requireLogged(ctx, from.place, tables) };
}

/** Once it is promoted, workers of extensions begin their work: none is to change anything. */
const settings: Readonly<Record<string, string>> = { default_transaction_read_only: 'on' };

/** By its socket alone: it listens to nothing else, and its volume is the way there. */
function entered({ password: _ofTheLiveServer, ...component }: PostgresComponent, { server, superuser, directory }: RecoveryServer, { mount }: RecoveryPlace, own: Pick<TablesAsTheyWere['helper'], 'imageId' | 'majorVersion'>): TablesAsTheyWere {
  const host = `${directory}/run`;
  return { place: { containerId: server.id, component: { ...component, container: server.name, user: superuser }, host }, helper: { ...own, network: 'none', host, mounts: [mount] } };
}

/** The way to the moment is settled, so that an attempt before came to the same. @throws PlanChanged where it did not */
async function noteReached(ctx: EngineContext, component: PostgresComponent, { stop, lsn, lastCommitAt }: ReachedMoment): Promise<void> {
  const noted = await ctx.recordOnce(reachedKey(component.name), { stop, lsn, lastCommitAt }) as ReachedMoment;
  if (noted.lsn === lsn) return;
  throw new HoldfastFailure('PlanChanged', { operation: 'recover to a moment', object: component.name, cause: `recovered anew it stands at ${lsn}, and stood at ${noted.lsn} before`, hint: 'Nothing was changed. Start again.' });
}

/** Prepared transactions survive a promotion with their locks. At that moment they were not carried out. */
const endPrepared = (ctx: EngineContext, place: ServerPlace): Promise<string> => runPsql(ctx, {
  ...place, database: place.component.database, operation: 'open the copy', otherwise: 'RestoreFailed', timeoutMs: ctx.timing.quickActivityMs,
  sql: 'SELECT format(\'ROLLBACK PREPARED %L\', gid) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() \\gexec',
});

const unloggedSql = `SELECT coalesce(json_agg(DISTINCT c.oid::regclass::text), '[]') FROM json_array_elements(:'tables'::json) AS t, LATERAL (SELECT format('%I.%I', t ->> 'schema', t ->> 'name')::regclass::oid AS relid
  UNION SELECT relid::oid FROM pg_partition_tree(format('%I.%I', t ->> 'schema', t ->> 'name')::regclass)) AS p JOIN pg_class c ON c.oid = p.relid AND c.relkind = 'r' AND c.relpersistence = 'u';`;

/** An unlogged table is empty in any copy (databases.md P13): its rows would all count as gone. */
async function requireLogged(ctx: EngineContext, place: ServerPlace, tables: readonly TableName[]): Promise<void> {
  const [first, ...others] = await queryJson<readonly string[]>(ctx, { ...place, database: place.component.database, operation: 'look at the tables', sql: unloggedSql, variables: { tables: JSON.stringify(tables) } });
  if (first === undefined) return;
  throw new HoldfastFailure('TableUnfit', { operation: 'read the rows as they were', object: 'the tables named', cause: `${[first, ...others].slice(0, 5).join(', ')} was unlogged at that moment: its rows are in no log`, hint: 'Bring it back from a dump: holdfast restore latest --table NAME.' });
}
