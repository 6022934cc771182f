/** Reading the input of `restoreBackup`, strictly. */
import { HoldfastFailure } from '../../domain/failures.ts';
import { checkName } from '../../domain/identifiers.ts';
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import type { RestoreBackupInput } from './messages.ts';

/** RFC 3339 with seconds and an offset: a time without one means a different moment on every machine. */
const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** @throws HoldfastFailure InvalidInput */
export function readRestoreInput(raw: Record<string, unknown>): RestoreBackupInput {
  onlyFields(raw, [...commonFields, 'backup', 'dryRun', 'into', 'since']);
  const backup = optionalText(raw, 'backup');
  if (backup === undefined) throw invalid('backup', 'it is missing', 'Say which backup: an id from holdfast list, a unique prefix, or "latest".');
  const dryRun = optionalFlag(raw, 'dryRun');
  const since = readSince(optionalText(raw, 'since'));
  const into = readInto(raw['into']);
  return { ...commonInput(raw), backup, ...(dryRun === undefined ? {} : { dryRun }), ...(since === undefined ? {} : { since }), ...(into === undefined ? {} : { into }) };
}

function readSince(since: string | undefined): string | undefined {
  if (since === undefined) return undefined;
  if (!instantPattern.test(since) || Number.isNaN(Date.parse(since))) throw invalid('since', 'it is not an RFC 3339 time with an offset', 'Write it like 2026-11-23T02:47:05+01:00.');
  if (Date.parse(since) > Date.now()) throw invalid('since', 'it lies in the future', 'Give the moment the disaster began.');
  return since;
}

function readInto(into: unknown): Record<string, string> | undefined {
  if (into === undefined) return undefined;
  if (typeof into !== 'object' || into === null || Array.isArray(into) || Object.keys(into).length === 0) throw invalid('into', 'it is not an object of component names and containers', 'Write it like {"postgres":"test-postgres","redis":"test-redis"}.');
  return Object.fromEntries(Object.entries(into).map(([component, container]) => [checkName('component', component), checkName('container', container)]));
}

const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read the input', object, cause, hint });
