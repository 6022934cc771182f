/** A backup as files that other tools read, in a directory of this worker's host. Only the runbook may write there. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDestination } from '../../engines/engine-context.ts';
import { parseFileName } from '../../domain/imports/file-name.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext } from '../activity-run.ts';
import { sourceOf } from '../artifacts.ts';
import { requireRunbook } from '../authority.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { digestOfForeign } from '../imports/foreign-file.ts';
import { readBackup } from '../proof-activities.ts';
import { isOwn, partOf, writeNew } from './export-file.ts';

export interface ExportedFile {
  readonly component: string;
  readonly file: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export function createExportActivities(dependencies: ActivityDependencies) {
  return {
    /** One component as one new file, named as the scripts before Holdfast would, with the id as its stamp. Run twice, it finds its own. @throws AlreadyExists, InvalidInput, ArtifactDamaged, and what the engine throws */
    async exportComponent(input: { service: string; backupId: string; manifestSha256: string; component: string; directory: string }): Promise<ExportedFile> {
      requireRunbook('exportBackup');
      const { manifest, backup } = await readBackup(dependencies, input);
      return inEngineContext(dependencies, input.service, async (context) => {
        const { directory } = input;
        const { runId } = context.owner;
        const engine = engineOf(dependencies, backup);
        const file = `${backup.component}-${manifest.backupId}.${engine.exports.ending}`;
        const answer = { component: backup.component, file, path: join(directory, file) };
        if (await isOwn(directory, file, runId)) return { ...answer, ...await digestOfForeign(directory, file, context.signal, (doneBytes) => context.progress({ phase: 'reading it back', doneBytes })) };
        const destination: ArtifactDestination = {
          hostDirectory: null, put: (name, source) => writeNew(directory, name, runId, source), pathOf: (name) => join(directory, name),
          adopt: (name) => digestOfForeign(directory, name, context.signal, () => undefined),
        };
        return { ...answer, ...await engine.exports.write(context, backup, sourceOf(firstRepository(dependencies, input.service), manifest), destination, file) };
      });
    },

    /** Takes away what said that the files are the run's own, and what was not finished. Idempotent. */
    async finishExport(input: { service: string; directory: string; files: readonly string[] }): Promise<void> {
      requireRunbook('exportBackup');
      const { runId } = currentOwner(dependencies);
      for (const file of input.files.filter((name) => parseFileName(name) !== null)) await rm(partOf(input.directory, file, runId), { force: true });
    },
  };
}
