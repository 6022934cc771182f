/**
 * Tables as they were, taken aside into files of the run. Where they are read from does not matter to anything behind this: a side database made from a dump,
 * or a server of its own that was recovered to a moment.
 */
import type { MountSpec } from '../../../containers/container-runtime.ts';
import { scratchLabels, scratchName } from '../../../containers/labels.ts';
import type { ScratchIdentity } from '../../../containers/labels.ts';
import type { NotCompared } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresTablesCutOver } from '../../../domain/rollback.ts';
import type { Then } from '../../../domain/tables/definition.ts';
import type { TableName } from '../../../domain/tables/table-name.ts';
import type { EngineContext } from '../../engine-context.ts';
import { restoreFailure } from '../content/restore-failure.ts';
import type { Inspection } from '../inspect.ts';
import { passwordOf } from '../server/connection.ts';
import { resultOf, runPostgresHelper, type PostgresHelper } from '../server/postgres-helper.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { queryJson } from '../server/psql.ts';
import { scripts, tableSql } from '../server/script-text.ts';
import type { ServerPlace } from '../side/side-database.ts';

/** A database that holds the tables as they were, and can be entered; nobody writes to it. */
export interface TablesAsTheyWere {
  /** The component's `database` is the one that holds them. */
  readonly place: ServerPlace;
  /** What a helper is made of that gets to it. */
  readonly helper: Pick<PostgresHelper, 'imageId' | 'network' | 'host' | 'port' | 'majorVersion'> & { readonly mounts: readonly MountSpec[] };
  /** Before any is taken: where it does not hold all of their rows. @throws TableUnfit */
  requireWhole?(tables: readonly TableName[]): Promise<void>;
}

/** Where they come from: makes such a database, hands it to `use`, and takes away what it made. */
export interface TableOrigin {
  readonly then: Then;
  /** How many objects were compared with what the backup says, and what was not. */
  readonly comparedObjects: number;
  readonly notCompared: readonly NotCompared[];
  /** @param place the live server, and what was learned of it */
  within<T>(place: ServerPlace, inspection: Inspection, use: (from: TablesAsTheyWere) => Promise<T>): Promise<T>;
}

export type StagedFiles = PostgresTablesCutOver['source'] & { readonly kind: 'files' };

/** A text of a row may be longer than the row; what is there already is not in the way. */
export const spaceFactor = 1.5;

export const filesTarget = '/target';

/** The run's own volume for one component's tables: goes with the run, like all that is scratch. */
export async function stagingVolume(ctx: EngineContext, component: string): Promise<string> {
  const identity: ScratchIdentity = { owner: ctx.owner, service: ctx.service, component, step: 'table-rows' };
  const name = scratchName(identity);
  await ctx.runtime.createVolume(name, scratchLabels('scratch', identity));
  return name;
}

/** Named columns of each table into a file each, hashed where they lie. @throws NotEnoughSpace, DiskFull, RestoreFailed, HelperLost */
export async function exportTables(ctx: EngineContext, from: TablesAsTheyWere, tables: readonly (TableName & { readonly columns: readonly string[] })[]): Promise<StagedFiles> {
  const { place } = from;
  const volume = await stagingVolume(ctx, place.component.name);
  const sizeBytes = await sizeOf(ctx, place, tables);
  const result = await runPostgresHelper(ctx, {
    ...from.helper, component: place.component, step: 'table-export', database: place.component.database,
    script: scripts.exportTables, args: [String(tables.length), String(Math.ceil(sizeBytes * spaceFactor))], password: await passwordOf(ctx, place.component), phase: 'take the tables aside',
    mounts: [...from.helper.mounts, { type: 'volume', source: volume, target: filesTarget }], files: { ...tableSql, 'request.sql': psqlVariables({ request: JSON.stringify({ tables }) }) },
  });
  if (result.exitCode !== 0) throw restoreFailure(result, place.component.database, 'take the tables aside');
  return { kind: 'files', volume, files: stagedFiles(resultOf(result, 'members')) };
}

/** Bytes that the tables take, those of their partitions too. */
export function sizeOf(ctx: EngineContext, place: ServerPlace, tables: readonly TableName[]): Promise<number> {
  return queryJson<number>(ctx, {
    ...place, database: place.component.database, operation: 'ask how large the tables are', variables: { tables: JSON.stringify(tables) },
    sql: 'SELECT coalesce(sum(pg_table_size(p.relid)), 0) FROM json_array_elements(:\'tables\'::json) AS t, LATERAL (SELECT format(\'%I.%I\', t ->> \'schema\', t ->> \'name\')::regclass::oid AS relid UNION SELECT relid::oid FROM pg_partition_tree(format(\'%I.%I\', t ->> \'schema\', t ->> \'name\')::regclass)) AS p;',
  });
}

/** From the lines of `member_sums`: `<sha256> <bytes> <name>`. */
export function stagedFiles(members: string): StagedFiles['files'] {
  return members.split('\n').filter((line) => line !== '').map((line) => {
    const [sha256 = '', sizeBytes = '', ...name] = line.split(' ');
    if (!/^[0-9a-f]{64}$/.test(sha256) || !/^\d+$/.test(sizeBytes)) throw new HoldfastFailure('HelperFailed', { operation: 'read the sums of the tables', object: name.join(' '), cause: 'a line is not a sum', hint: 'Please report this: it is a mistake in Holdfast.' });
    return { name: name.join(' '), sizeBytes: Number(sizeBytes), sha256 };
  });
}

/** The same lines again, for the helper that uses the files. */
export const membersText = (files: StagedFiles['files']): string => files.map(({ name, sizeBytes, sha256 }) => `${sha256} ${sizeBytes} ${name}\n`).join('');
