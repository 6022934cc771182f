/** The one way a dump gets into a database, beside the live one or in a throwaway server: checked, restored, analyzed, closed, compared. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import type { Difference } from '../../../domain/content.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import { compareRestored, isHashed } from '../content/compare-restored.ts';
import { contentFrom } from '../content/content-reading.ts';
import { restoreFailure } from '../content/restore-failure.ts';
import { noEventTriggers, passwordOf } from '../server/connection.ts';
import { artifactOf, dumpInput } from '../server/dump-input.ts';
import type { DumpInput } from '../server/dump-input.ts';
import { resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { runPsql } from '../server/psql.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { readThrough } from '../server/read-through.ts';
import { scripts, sqlFiles, statements } from '../server/script-text.ts';
import type { ServerPlace } from './side-database.ts';

export interface RestoreRequest {
  readonly place: ServerPlace;
  readonly imageId: string;
  readonly port: number;
  /** Of the server that is restored into. */
  readonly majorVersion: number;
  readonly backup: PostgresDump;
  /** From {@link checkedInput}. */
  readonly input: DumpInput;
  readonly step: string;
  readonly database: string;
  /** Parallel sessions at most, for restoring and for comparing; where the server has fewer cores, so many are restored with. */
  readonly jobs: number;
  /** Put the recorded owner, permissions, settings and comment on it? Not in throwaway servers. */
  readonly withProperties: boolean;
  readonly restoreArguments: readonly string[];
  readonly phase: string;
  /** Makes roles and the empty database. */
  makeDatabase(): Promise<void>;
}

export interface Restored {
  readonly oid: number;
  /** Of the closed database's row. */
  readonly xmin: string;
  readonly differences: readonly Difference[];
}

/**
 * What is restored, every stored byte of it found to be as the manifest says; a dump that has to be copied into the helper is checked as it goes, and
 * that is before `makeDatabase`. @throws ArtifactDamaged, ObjectNotFound, RepositoryUnreachable
 */
export async function checkedInput(ctx: EngineContext, backup: PostgresDump, source: ArtifactSource): Promise<DumpInput> {
  const input = await dumpInput(ctx, backup, source);
  await readThrough(ctx, source, artifactOf(backup, 'globals'));
  if (input.beforeStart === undefined) await readThrough(ctx, source, input.dump);
  return input;
}

/** @throws ArtifactDamaged, RestoreFailed, DiskFull, ExtensionMissing, CouldNotVerify, HelperLost and what `makeDatabase` throws */
export async function restoreAndCompare(ctx: EngineContext, request: RestoreRequest): Promise<Restored> {
  const { place, backup, input } = request;
  const maintenance = (await runPsql(ctx, { ...place, database: null, operation: 'find a database for administration', sql: 'SELECT pg_catalog.current_database();' })).trim();
  const result = await runPostgresHelper(ctx, {
    component: place.component, step: request.step, imageId: request.imageId, network: `container:${place.containerId}`, port: request.port, majorVersion: request.majorVersion, database: maintenance,
    script: scripts.restore, mounts: input.mounts, phase: request.phase, password: await passwordOf(ctx, place.component),
    args: [request.database, String(request.jobs), String(request.jobs), String(isHashed(backup.content)), String(input.dump.plaintext.sizeBytes), input.dump.plaintext.sha256, maintenance, ...request.restoreArguments],
    settings: ['synchronous_commit=off', 'maintenance_work_mem=128MB', ...noEventTriggers(request.majorVersion)],
    files: { 'expected.members': input.members, ...filesFor(request) },
    beforeStart: async (containerId) => {
      await input.beforeStart?.(containerId);
      await request.makeDatabase();
    },
  });
  if (result.exitCode !== 0) throw restoreFailure(result, `${place.component.container}/${request.database}`, 'restore the dump');
  const closed = JSON.parse(resultOf(result, 'closed')) as { oid: number; xmin: string; others: number };
  if (closed.others > 0) {
    throw new HoldfastFailure('CouldNotVerify', { operation: 'close the restored database', object: request.database, cause: `${closed.others} foreign sessions stayed in it`, hint: 'See pg_stat_activity for who connects to it.' });
  }
  return { oid: closed.oid, xmin: closed.xmin, differences: compareRestored(backup, contentFrom(result, request.jobs)) };
}

function filesFor({ database, backup, withProperties }: RestoreRequest): Record<string, string> {
  const { properties } = backup;
  const closing = psqlVariables({ side: database, connection_limit: properties.connectionLimit, is_template: withProperties && properties.isTemplate });
  return {
    'close.sql': closing + sqlFiles['close.sql'],
    ...(withProperties ? { 'properties.sql': psqlVariables({ side: database, properties: JSON.stringify(properties) }) + statements['properties.sql'] } : {}),
  };
}
