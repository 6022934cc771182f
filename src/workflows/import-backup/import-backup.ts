/** `importBackup`: copied, brought up beside, counted, and written down as imported. Changes no live data, and no file of the directory. */
import type { TakenFile } from '../../activities/imports/import-activities.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { durationText, sizeText } from '../../domain/wording.ts';
import { commonFields, commonInput, onlyFields, optionalText } from '../shared/input-fields.ts';
import { inFrame } from '../shared/run.ts';
import type { ImportBackupInput, ImportBackupResult } from './messages.ts';

export async function importBackup(input: ImportBackupInput): Promise<ImportBackupResult> {
  return inFrame('importBackup', input, readInput, async (run) => {
    const { service, directory, files, timeZone } = run.input;
    const request = { service, directory, ...(timeZone === undefined ? {} : { timeZone }) };
    const beganAt = new Date(Date.now()).toISOString();
    const plan = await run.host.quick.planImport({ ...request, files });
    const claim = await run.host.quick.claimBackup({ service, importedAt: plan.at });
    for (const warning of claim.warnings ?? []) run.warn(warning);
    run.compensations.add('remove the unfinished backup', () => run.host.quick.abandonBackup({ service, backupId: claim.backupId }));
    const taken: TakenFile[] = [];
    for (const { file, component } of plan.files) {
      run.step(`Taking ${file}`);
      const one = await run.host.long.takeFile({ ...request, file, component, backupId: claim.backupId, at: plan.at });
      taken.push(one);
      run.done(`${file} was brought up in a throwaway server and counted (${sizeText(one.sizeBytes)} stored)`);
    }
    const finishedAt = new Date(Date.now()).toISOString();
    const imported = { directory, timeZone: plan.timeZone, timeZoneGiven: plan.timeZoneGiven, files: taken.map(({ origin }) => origin) };
    const { backupId, manifestSha256, point, skewMs, sizeBytes, location } = await run.host.quick.commitBackup({ service, claim, beganAt, finishedAt, components: taken, imported });
    run.compensations.drop('remove the unfinished backup');
    run.done(`Imported as ${backupId}, not proven`);
    if (skewMs > run.service.definition.skewLimitMs) run.warn(`The files lie ${durationText(skewMs)} apart: an RDB says itself when it was begun, and the names were read as local time of ${plan.timeZone}`);
    return { backupId, manifestSha256, point, skewMs, sizeBytes, location, timeZone: plan.timeZone, timeZoneGiven: plan.timeZoneGiven };
  });
}

const mostFiles = 20;

function readInput(raw: Record<string, unknown>): ImportBackupInput {
  onlyFields(raw, [...commonFields, 'directory', 'files', 'timeZone']);
  const { files } = raw;
  if (!Array.isArray(files) || files.length === 0 || files.length > mostFiles || !files.every((file) => typeof file === 'string')) throw invalid('files', `it is no list of 1 to ${mostFiles} names`);
  const directory = optionalText(raw, 'directory');
  if (directory === undefined) throw invalid('directory', 'it is missing; name the directory');
  const timeZone = optionalText(raw, 'timeZone');
  return { ...commonInput(raw), directory, files: files as readonly string[], ...(timeZone === undefined ? {} : { timeZone }) };
}

const invalid = (object: string, cause: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read the input', object, cause, hint: 'See docs/runbooks/import-backup.md.' });
