/** `holdfast restore … --table T`: the options of single tables, checked before anything is started. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import { checkNewSchema, checkTables } from '../../../domain/tables/table-name.ts';

export interface TablesOptions { table?: string[]; exact?: boolean; intoSchema?: string }

/** What a restore of whole databases takes and one of tables does not. */
interface WholeOptions { into?: string; port?: string; since?: string; only?: string }

/** Each `--table` adds one. */
export const collectTable = (text: string, before: readonly string[] | undefined): string[] => [...before ?? [], text];

/** The part of the input that is about tables, or null where none is named. @throws InvalidInput */
export function tablesInput({ table, exact, intoSchema, into, port, since, only }: TablesOptions & WholeOptions): { tables: readonly string[]; exact?: boolean | undefined; intoSchema?: string | undefined } | null {
  if (table === undefined) {
    const alone = exact !== undefined ? '--exact' : intoSchema !== undefined ? '--into-schema' : null;
    if (alone !== null) throw invalid(alone, 'it is about single tables, and none is named', 'Name the tables: --table orders.');
    return null;
  }
  const hints = [[into, '--into', 'Tables go into the live database, or beside them: --into-schema NAME.'], [port, '--port', 'Leave it out: no copy is made.'], [since, '--since', 'Leave it out: nothing is out of service while tables are restored.'], [only, '--only', 'Leave it out: no other store is touched.']] as const;
  for (const [value, option, hint] of hints) if (value !== undefined) throw invalid(option, 'it is not for single tables', hint);
  if (exact === true && intoSchema !== undefined) throw invalid('--exact', 'nothing is removed where a new schema is made', 'Give one of --exact and --into-schema.');
  checkTables(table);
  return { tables: table, exact, intoSchema: intoSchema === undefined ? undefined : checkNewSchema(intoSchema) };
}

const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read the options', object, cause, hint });
