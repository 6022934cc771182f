/** Reading the input of `restoreBackup`, strictly. */
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import { invalid, readInto, readOnly, readSince } from '../shared/restore-fields.ts';
import type { RestoreBackupInput } from './messages.ts';

/** @throws HoldfastFailure InvalidInput */
export function readRestoreInput(raw: Record<string, unknown>): RestoreBackupInput {
  onlyFields(raw, [...commonFields, 'backup', 'dryRun', 'into', 'since', 'replace', 'only']);
  const backup = optionalText(raw, 'backup');
  if (backup === undefined) throw invalid('backup', 'it is missing', 'Say which backup: an id from holdfast list, a unique prefix, or "latest".');
  const dryRun = optionalFlag(raw, 'dryRun');
  const since = readSince(optionalText(raw, 'since'));
  const into = readInto(raw['into']);
  const replace = optionalFlag(raw, 'replace');
  if (replace === true && into !== undefined) throw invalid('replace', 'it is not for other containers', 'Give into a container with an empty volume, or leave one of the two out.');
  const only = readOnly(raw['only']);
  return { ...commonInput(raw), backup, ...(only === undefined ? {} : { only }), ...(dryRun === undefined ? {} : { dryRun }), ...(since === undefined ? {} : { since }), ...(into === undefined ? {} : { into }), ...(replace === undefined ? {} : { replace }) };
}
