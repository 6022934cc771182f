/** Reading the input of `restoreTables`, strictly. */
import { checkNewSchema, checkTables, type WantedTable } from '../../domain/tables/table-name.ts';
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import { readLogChoice, readWish, wishFields } from '../shared/point-fields.ts';
import { invalid } from '../shared/restore-fields.ts';
import type { RestoreTablesInput } from './messages.ts';

export interface ValidRestoreTables extends RestoreTablesInput {
  readonly wanted: readonly WantedTable[];
}

/** @throws HoldfastFailure InvalidInput */
export function readRestoreTablesInput(raw: Record<string, unknown>): ValidRestoreTables {
  onlyFields(raw, [...commonFields, 'backup', 'to', 'before', 'timeline', 'cluster', 'tables', 'exact', 'intoSchema', 'dryRun']);
  const source = readSource(raw);
  const { tables } = raw;
  if (!Array.isArray(tables) || !tables.every((each): each is string => typeof each === 'string')) throw invalid('tables', 'it is not a list of names', 'Write it like ["orders","shop.customers"].');
  const wanted = checkTables(tables);
  const exact = optionalFlag(raw, 'exact');
  const intoSchema = optionalText(raw, 'intoSchema');
  const dryRun = optionalFlag(raw, 'dryRun');
  if (intoSchema !== undefined && exact === true) throw invalid('exact', 'nothing is removed where a new schema is made', 'Give one of exact and intoSchema.');
  return {
    ...commonInput(raw), ...source, tables, wanted, ...(exact === undefined ? {} : { exact }), ...(intoSchema === undefined ? {} : { intoSchema: checkNewSchema(intoSchema) }), ...(dryRun === undefined ? {} : { dryRun }),
  };
}

/** A backup, or a moment and what says which log leads there. */
function readSource(raw: Record<string, unknown>): Pick<RestoreTablesInput, 'backup' | 'to' | 'before' | 'timeline' | 'cluster'> {
  const backup = optionalText(raw, 'backup');
  const named = (['to', 'before', 'timeline', 'cluster'] as const).find((name) => raw[name] !== undefined);
  if (backup === undefined && named === undefined) throw invalid('backup', 'it is missing', 'Say which backup: an id from holdfast list, a unique prefix, or "latest"; or a moment: "to" or "before".');
  if (backup === undefined) return { ...wishFields(readWish(raw)), ...readLogChoice(raw) };
  if (named === undefined) return { backup };
  throw invalid(named, 'it is about a moment, and a backup is named', 'Give the backup or the moment.');
}
