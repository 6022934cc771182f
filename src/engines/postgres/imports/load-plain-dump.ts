/** A plain dump run by psql, in a helper beside a throwaway server. */
import { stageFile } from '../../../containers/container-files.ts';
import type { MountSpec } from '../../../containers/container-runtime.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { Artifact } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import type { ForeignFile } from '../../import-engine.ts';
import { restoreFailure } from '../content/restore-failure.ts';
import { failedStep, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { importFiles, scripts } from '../server/script-text.ts';
import type { ServerPlace } from '../side/side-database.ts';

export interface PlainDumpLoad {
  readonly place: ServerPlace;
  readonly imageId: string;
  readonly file: ForeignFile;
  readonly original: Artifact;
  readonly source: ArtifactSource;
}

/** @throws RestoreFailed with the server's first error, ArtifactDamaged, CouldNotVerify where the server lacks what the dump needs, HelperLost */
export async function loadPlainDump(ctx: EngineContext, { place, imageId, file, original, source }: PlainDumpLoad): Promise<void> {
  const hostPath = await source.hostPath(original);
  const mount: MountSpec = hostPath === null ? { type: 'volume', source: '', target: '/source' } : { type: 'bind', source: hostPath, target: '/source/dump.sql.gz', readOnly: true };
  const result = await runPostgresHelper(ctx, {
    component: place.component, step: 'import-load', imageId, network: `container:${place.containerId}`, majorVersion: 0, database: place.component.database,
    script: scripts.importSql, args: [place.component.database, String(original.stored.sizeBytes), original.stored.sha256], files: importFiles, mounts: [mount], phase: 'run the dump in a throwaway server',
    ...(hostPath === null ? { beforeStart: async (id: string) => stageFile(ctx.runtime, id, '/source', { name: 'dump.sql.gz', ...original.stored }, await source.open(original), ctx.signal) } : {}),
  });
  if (result.exitCode !== 0) throw failureOf(result, file);
}

function failureOf(result: HelperResult, { name }: ForeignFile): HoldfastFailure {
  const { step, messages } = failedStep(result);
  if (step === 'psql-command') {
    return new HoldfastFailure('RestoreFailed', {
      operation: 'import a dump', object: name, cause: `${firstError(messages)}, and commands of psql in a file are not carried out`,
      hint: 'Dumps of pg_dumpall and of pg_dump --create hold such lines: take the one database out with pg_dump, or restore it by hand and take a backup.',
    });
  }
  const failure = restoreFailure(result, name, 'import a dump');
  return new HoldfastFailure(failure.type, { ...failure.fields, hint: `Nothing of this file was taken, and it was not changed. ${failure.fields.hint}` });
}
