/** `exportBackup`: PostgreSQL as SQL through gzip, Redis as its RDB; new files, whole or not there. Changes no live data. */
import type { ExportedFile } from '../../activities/exports/export-activities.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { sizeText } from '../../domain/wording.ts';
import { commonFields, commonInput, onlyFields, optionalText } from '../shared/input-fields.ts';
import { inFrame } from '../shared/run.ts';
import type { ExportBackupInput, ExportBackupResult } from './messages.ts';

const endings = { postgres: 'sql.gz', redis: 'rdb' } as const;

export async function exportBackup(input: ExportBackupInput): Promise<ExportBackupResult> {
  return inFrame('exportBackup', input, readInput, async (run) => {
    const { service, directory } = run.input;
    const { backupId, manifestSha256, components } = await run.host.quick.findBackup({ service, backup: run.input.backup ?? 'latest' });
    const names = components.map(({ component, engine }) => `${component}-${backupId}.${endings[engine]}`);
    run.compensations.add('take away what was not finished', () => run.host.quick.finishExport({ service, directory, files: names }));
    const files: ExportedFile[] = [];
    for (const [index, { component }] of components.entries()) {
      run.step(`[${index + 1}/${components.length}] Writing ${names[index]}`);
      const file = await run.host.long.exportComponent({ service, backupId, manifestSha256, component, directory });
      files.push(file);
      run.done(`${file.path} (${sizeText(file.sizeBytes)})`);
    }
    return { backupId, files };
  });
}

function readInput(raw: Record<string, unknown>): ExportBackupInput {
  onlyFields(raw, [...commonFields, 'backup', 'directory']);
  const directory = optionalText(raw, 'directory');
  if (directory === undefined) throw new HoldfastFailure('InvalidInput', { operation: 'read the input', object: 'directory', cause: 'it is missing; name the directory', hint: 'See docs/runbooks/export-backup.md.' });
  const backup = optionalText(raw, 'backup');
  return { ...commonInput(raw), directory, ...(backup === undefined ? {} : { backup }) };
}
