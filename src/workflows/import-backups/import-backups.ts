/** `importBackups`: one after the other, oldest first, each in a run of its own; what cannot be taken is named at the end and keeps back none of the others. */
import { executeChild, isCancellation, uuid4, workflowInfo } from '@temporalio/workflow';
import type { ImportSet, RefusedFile } from '../../activities/imports/import-activities.ts';
import { HoldfastFailure, type FailureType } from '../../domain/failures.ts';
import { backupIdAt } from '../../domain/identifiers.ts';
import { counted } from '../../domain/wording.ts';
import { runWorkflowId } from '../../domain/workflow-ids.ts';
import type { ImportBackupResult } from '../import-backup/messages.ts';
import { commonFields, commonInput, onlyFields, optionalText } from '../shared/input-fields.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { failureTypeOf, finalFailure, workflowFailure } from '../shared/workflow-failure.ts';
import type { ImportBackupsInput, ImportBackupsResult } from './messages.ts';

interface Refused extends RefusedFile {
  readonly type: FailureType;
}

interface LeftOut {
  readonly refused: Refused[];
  /** In the catalog already: before this run, or since another import beside it. */
  known: number;
}

const named = 5;
/** The server's limit for a summary is 400 bytes; the names of twenty files may have more. */
const summaryCharacters = 120;

export async function importBackups(input: ImportBackupsInput): Promise<ImportBackupsResult> {
  return inFrame('importBackups', input, readInput, async (run) => {
    const { service, directory, timeZone: given } = run.input;
    const request = { service, directory, ...(given === undefined ? {} : { timeZone: given }) };
    run.step(`Reading ${directory}`);
    const found = await run.host.long.findImports(request);
    const zone = `as local time of ${found.timeZone}${given === undefined ? ', the worker\'s own' : ''}`;
    run.done(`${counted(found.sets.length + found.leftOver, 'backup')} to import, ${counted(found.known, 'file')} known already; the names are read ${zone}`);
    const left: LeftOut = { refused: found.refused.map((each) => ({ ...each, type: 'ArtifactDamaged' })), known: found.known };
    for (const { file, cause } of left.refused) run.warn(`${file} is not taken: ${cause}`);
    const imported: string[] = [];
    for (const [index, set] of found.sets.entries()) {
      run.step(`[${index + 1}/${found.sets.length}] ${set.files.join(', ')}`);
      const backupId = await takeSet(run, set, left);
      if (backupId !== null) imported.push(backupId);
    }
    requireAll(run, imported, left.refused);
    return { imported, known: left.known, leftOver: found.leftOver, timeZone: found.timeZone, timeZoneGiven: given !== undefined };
  });
}

/** Null where none of it could be taken. Where one file of several cannot, the others are a backup without it. */
async function takeSet(run: Run<ImportBackupsInput>, { stamp, files }: ImportSet, left: LeftOut): Promise<string | null> {
  const whole = await takeFiles(run, files);
  if ('backupId' in whole) return whole.backupId;
  if (files.length === 1) {
    leaveOut(left, { ...whole, file: files[0] ?? stamp });
    return null;
  }
  let taken: string | null = null;
  for (const file of files) {
    const one = await takeFiles(run, [file]);
    if ('backupId' in one) taken = one.backupId;
    else leaveOut(left, { ...one, file });
  }
  return taken;
}

/** What another import has taken in the meantime is no failure of this one. */
function leaveOut(left: LeftOut, refused: Refused): void {
  if (refused.type === 'AlreadyExists') left.known += 1;
  else left.refused.push(refused);
}

async function takeFiles(run: Run<ImportBackupsInput>, files: readonly string[]): Promise<{ readonly backupId: string } | Omit<Refused, 'file'>> {
  const { service, directory, timeZone, reason, requestedBy } = run.input;
  const { taskQueue } = workflowInfo();
  try {
    const { backupId } = await executeChild<(input: object) => Promise<ImportBackupResult>>('importBackup', {
      workflowId: runWorkflowId('import', service, `${backupIdAt(Date.now())}-${uuid4().slice(0, 4)}`), taskQueue, staticSummary: `import of ${files.join(', ')}`.slice(0, summaryCharacters),
      args: [{ service, directory, files, ...(timeZone === undefined ? {} : { timeZone }), ...(reason === undefined ? {} : { reason }), ...(requestedBy === undefined ? {} : { requestedBy }) }],
    });
    run.done(`${backupId}: ${files.join(', ')}`);
    return { backupId };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const cause = finalFailure(error, service).message;
    run.warn(`${files.join(', ')}: ${cause}`);
    return { type: failureTypeOf(error), cause };
  }
}

/** Nothing that failed looks like a success: what was taken stays, and the run says what was not. */
function requireAll(run: Run<ImportBackupsInput>, imported: readonly string[], refused: readonly Refused[]): void {
  const [first] = refused;
  if (first === undefined) return;
  const list = refused.slice(0, named).map(({ file, cause }) => `${file}: ${cause}`).join('; ');
  throw workflowFailure(first.type, {
    operation: 'import backups', object: run.input.directory,
    cause: `${counted(refused.length, 'file')} could not be taken, ${counted(imported.length, 'backup')} ${imported.length === 1 ? 'was' : 'were'} imported: ${list}${refused.length > named ? `; and ${refused.length - named} more` : ''}`.replace(/[.\s]+$/, ''),
    hint: 'Whatever was imported stays. Mend or move away the files that are named, then import again: what is known is left out.',
  });
}

function readInput(raw: Record<string, unknown>): ImportBackupsInput {
  onlyFields(raw, [...commonFields, 'directory', 'timeZone']);
  const directory = optionalText(raw, 'directory');
  if (directory === undefined) throw new HoldfastFailure('InvalidInput', { operation: 'read the input', object: 'directory', cause: 'it is missing; name the directory', hint: 'See docs/runbooks/import-backups.md.' });
  const timeZone = optionalText(raw, 'timeZone');
  return { ...commonInput(raw), directory, ...(timeZone === undefined ? {} : { timeZone }) };
}
