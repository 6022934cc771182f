/** What the server says about the databases of a cut-over: the one reading that every step decides by. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresDatabaseCutOver } from '../../../domain/rollback.ts';
import type { EngineContext } from '../../engine-context.ts';
import { queryJson } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import type { ServerPlace } from './side-database.ts';

export interface DatabaseReading {
  readonly oid: number;
  readonly name: string;
  readonly open: boolean;
  readonly xmin: string;
  readonly sessions: number;
  readonly prepared: number;
  readonly slots: readonly string[];
}

export interface CutOverReading {
  /** `before`: the live OID bears the live name. `after`: the prepared one does. `other`: neither is so. */
  readonly state: 'before' | 'after' | 'other';
  readonly live: DatabaseReading | null;
  readonly side: DatabaseReading | null;
  readonly all: readonly DatabaseReading[];
}

export type DatabaseNames = Pick<PostgresDatabaseCutOver, 'database' | 'liveOid' | 'sideOid' | 'sideName' | 'asideName'>;

interface Reading {
  readonly systemIdentifier: string;
  readonly databases: readonly DatabaseReading[];
}

/** @throws PlanChanged when the server is another one */
export async function readCutOver(ctx: EngineContext, place: ServerPlace, cutOver: PostgresDatabaseCutOver): Promise<CutOverReading> {
  const reading = await readDatabases(ctx, place, cutOver);
  if (reading.systemIdentifier !== cutOver.systemIdentifier) {
    throw new HoldfastFailure('PlanChanged', {
      operation: 'read the databases', object: cutOver.container, cause: `the server's system identifier is ${reading.systemIdentifier}, not ${cutOver.systemIdentifier}`,
      hint: 'The container runs on other data than the plan was made for; nothing was changed by this step.',
    });
  }
  return { ...cutOverState(reading.databases, cutOver), all: reading.databases };
}

export async function readDatabases(ctx: EngineContext, place: ServerPlace, names: DatabaseNames): Promise<Reading> {
  return queryJson(ctx, {
    ...place, database: null, operation: 'read the databases', sql: statements['databases.sql'],
    variables: { live_oid: names.liveOid, side_oid: names.sideOid, database: names.database, aside: names.asideName, side: names.sideName },
  });
}

/** Pure: which state a set of databases is in. */
export function cutOverState(databases: readonly DatabaseReading[], names: DatabaseNames): Omit<CutOverReading, 'all'> {
  const live = databases.find((each) => each.oid === names.liveOid) ?? null;
  const side = databases.find((each) => each.oid === names.sideOid) ?? null;
  const replaces = names.liveOid !== 0;
  const nameTaken = databases.some((each) => each.name === names.database);
  if (side?.name === names.database && (!replaces || live === null || live.name === names.asideName)) return { state: 'after', live, side };
  if (replaces ? live?.name === names.database : !nameTaken) return { state: 'before', live, side };
  return { state: 'other', live, side };
}
