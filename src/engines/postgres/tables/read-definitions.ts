/** Which tables are meant, and what they are made of: in the live database, or where they are as they were. Reads only. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { TableDefinition, Then } from '../../../domain/tables/definition.ts';
import { tableText } from '../../../domain/tables/table-name.ts';
import type { WantedTable } from '../../../domain/tables/table-name.ts';
import type { EngineContext } from '../../engine-context.ts';
import { queryJson } from '../server/psql.ts';
import { tableSql } from '../server/script-text.ts';
import type { ServerPlace } from '../side/side-database.ts';

export interface FoundTable {
  /** MD5 of the definition as the server itself writes it: it can ask again, in the middle of a transaction. */
  readonly definition: string;
  readonly table: TableDefinition;
}

/** A table of ours among those in the list of {@link findTables}. */
interface Candidate extends FoundTable {
  /** Place in the list of wanted ones, from 1. */
  readonly wanted: number;
}

/** Not the server's own schemas, nor those in which runs of ours keep rows, but for the one that is asked for. */
const findSql = `SELECT coalesce(json_agg(json_build_object('wanted', w.place, 'definition', md5(d.described::text), 'table', d.described)), '[]')
  FROM json_array_elements(:'wanted'::json) WITH ORDINALITY AS w (item, place)
  JOIN pg_class c ON c.relname = w.item ->> 'name' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = coalesce(w.item ->> 'schema', n.nspname)
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND (n.nspname !~ '^holdfast_old_' OR n.nspname = :'kept')
 CROSS JOIN LATERAL (SELECT pg_temp.described(c.oid) AS described) AS d;`;

/** Exactly one for each that is wanted, in their order. @param where what the refusal calls the database @throws UnknownTable */
export async function findTables(ctx: EngineContext, place: ServerPlace, wanted: readonly WantedTable[], where: 'live' | Then['kind'], kept: string = ''): Promise<readonly FoundTable[]> {
  const found = await queryJson<readonly Candidate[]>(ctx, {
    ...place, database: place.component.database, operation: 'look at the tables', sql: `SET search_path = '';\n${tableSql['functions.sql']}\n${findSql}`, variables: { wanted: JSON.stringify(wanted), kept },
  });
  return wanted.map((each, index) => {
    const candidates = found.filter((candidate) => candidate.wanted === index + 1);
    const [only, ...others] = candidates;
    if (only !== undefined && others.length === 0) return { definition: only.definition, table: only.table };
    throw unknown(tableText(each), where, candidates.map(({ table }) => tableText(table)));
  });
}

function unknown(object: string, where: 'live' | Then['kind'], candidates: readonly string[]): HoldfastFailure {
  const several = candidates.length > 0;
  const { cause, hint } = missing[where];
  return new HoldfastFailure('UnknownTable', { operation: 'find the table', object, cause: several ? `there are ${[...candidates].sort().join(' and ')}` : cause, hint: several ? 'Say which, with its schema.' : hint });
}

const missing = {
  live: { cause: 'the live database has no such table', hint: 'Check the name; capital letters count. A table that was dropped comes back beside: --into-schema NAME.' },
  backup: { cause: 'the backup has no such table', hint: 'holdfast show BACKUP --json lists the tables of a backup.' },
  moment: { cause: 'the database had no such table at that moment', hint: 'Name another moment: holdfast find --dropped TABLE tells when a table went.' },
} as const;
