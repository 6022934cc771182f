/** Reading the input of `restoreTables`, strictly. */
import { HoldfastFailure } from '../../domain/failures.ts';
import { checkNewSchema, checkTables, type WantedTable } from '../../domain/tables/table-name.ts';
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import type { RestoreTablesInput } from './messages.ts';

export interface ValidRestoreTables extends RestoreTablesInput {
  readonly wanted: readonly WantedTable[];
}

/** @throws HoldfastFailure InvalidInput */
export function readRestoreTablesInput(raw: Record<string, unknown>): ValidRestoreTables {
  onlyFields(raw, [...commonFields, 'backup', 'tables', 'exact', 'intoSchema', 'dryRun']);
  const backup = optionalText(raw, 'backup');
  if (backup === undefined) throw invalid('backup', 'it is missing', 'Say which backup: an id from holdfast list, a unique prefix, or "latest".');
  const { tables } = raw;
  if (!Array.isArray(tables) || !tables.every((each): each is string => typeof each === 'string')) throw invalid('tables', 'it is not a list of names', 'Write it like ["orders","shop.customers"].');
  const wanted = checkTables(tables);
  const exact = optionalFlag(raw, 'exact');
  const intoSchema = optionalText(raw, 'intoSchema');
  const dryRun = optionalFlag(raw, 'dryRun');
  if (intoSchema !== undefined && exact === true) throw invalid('exact', 'nothing is removed where a new schema is made', 'Give one of exact and intoSchema.');
  return {
    ...commonInput(raw), backup, tables, wanted, ...(exact === undefined ? {} : { exact }), ...(intoSchema === undefined ? {} : { intoSchema: checkNewSchema(intoSchema) }), ...(dryRun === undefined ? {} : { dryRun }),
  };
}

const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read the input', object, cause, hint });
