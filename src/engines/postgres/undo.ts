/** The rollback copy of an earlier cut-over as something to cut over to. The restored data becomes the rollback copy of this run in turn. */
import { HoldfastFailure } from '../../domain/failures.ts';
import type { PostgresDatabaseCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../engine-context.ts';
import { placeOf } from './cut-over.ts';
import { queryJson } from './server/psql.ts';
import { readCutOver } from './side/database-state.ts';
import type { CutOverReading } from './side/database-state.ts';
import { asideNameOf } from './side/side-database.ts';

/** Since when the restored database has existed; what was written to it since is what an undo sets aside. */
const ageSql = `SELECT json_build_object('after', to_char(made AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'seconds', greatest(0, extract(epoch FROM now() - made))::int8)
  FROM (SELECT coalesce((pg_stat_file('base/' || :'oid' || '/PG_VERSION', true)).modification, now()) AS made) AS file;`;

/** Reads only; idempotent. @throws UnknownRollbackCopy, AmbiguousState */
export async function prepareUndo(ctx: EngineContext, component: PostgresComponent, previous: PostgresDatabaseCutOver): Promise<PreparedComponent> {
  const place = await placeOf(ctx, component, previous);
  const reading = await readCutOver(ctx, place, previous);
  const copy = copyIn(reading, previous);
  const age = await queryJson<{ after: string; seconds: number }>(ctx, { ...place, database: null, operation: 'ask how old the restored data is', sql: ageSql, variables: { oid: previous.sideOid } });
  const aside = asideNameOf(ctx.owner, component.name);
  const where = `${previous.container}: `;
  return {
    component: component.name,
    cutOver: {
      ...previous, containerId: place.containerId, liveOid: previous.sideOid, sideOid: previous.liveOid, sideName: previous.asideName, sideXmin: copy.xmin, asideName: aside,
      liveAllowedConnections: true,
    },
    compared: { component: component.name, objects: 0, differences: [] },
    notCompared: [{ object: `${previous.container}/${previous.asideName}`, reason: 'the rollback copy is the old database itself, closed since it was replaced' }],
    loss: { component: component.name, ...age, transactions: null, notes: [`What was written to ${previous.database} since the restore is set aside as ${aside}.`] },
    createdRoles: [],
    notes: [],
    steps: {
      close: `${where}end all sessions in ${previous.database} and let no new ones in`,
      swap: `${where}rename ${previous.database} to ${aside} (kept) and ${previous.asideName} back to ${previous.database}, in one transaction`,
      open: `${where}open ${previous.database}`,
    },
  };
}

function copyIn(reading: CutOverReading, previous: PostgresDatabaseCutOver): NonNullable<CutOverReading['live']> {
  const fail = (type: 'UnknownRollbackCopy' | 'AmbiguousState', cause: string, hint: string): never => {
    throw new HoldfastFailure(type, { operation: 'find the rollback copy', object: `${previous.container}/${previous.asideName}`, cause, hint });
  };
  if (previous.liveOid === 0 || reading.live === null) return fail('UnknownRollbackCopy', 'the server has no such database', 'It was accepted away, or there was nothing before the restore.');
  if (reading.state !== 'after') return fail('AmbiguousState', `${previous.database} is not the database that was restored (OID ${previous.sideOid})`, 'Look at pg_database; a later restore has to be undone first.');
  if (reading.live.open) return fail('AmbiguousState', 'the rollback copy has been opened since', 'Close it (ALTER DATABASE … ALLOW_CONNECTIONS false) if it is still what you want back.');
  return reading.live;
}
