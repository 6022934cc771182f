/** A dump restored into a new cluster: its roles, its database under its own name, compared. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import { describeDifference, type Difference } from '../../../domain/content.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { giveRolesBack } from '../complete-restore.ts';
import type { RecoveryServer } from '../recovery/recovery-server.ts';
import type { DumpInput } from '../server/dump-input.ts';
import { tablespacesIn } from '../server/globals.ts';
import { runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import { restoreAndCompare } from '../side/restore-and-compare.ts';
import { createRoles, readRoles } from '../side/restored-roles.ts';
import { createSideDatabase, dropDatabase, type ServerPlace } from '../side/side-database.ts';
import { asSuperuser } from './fresh-cluster.ts';

const jobs = 4;

export interface ClusterFilling {
  readonly imageId: string;
  readonly backup: PostgresDump;
  readonly input: DumpInput;
  /** The backup's roles, as it keeps them. */
  readonly globals: string;
  readonly server: RecoveryServer;
  /** Of the new server. */
  readonly majorVersion: number;
  /** Told of what differs from the manifest, which is a failure unless given. */
  onDifferences?(differences: readonly Difference[]): void;
}

/** Roles, the database under its own name with its properties, its data, compared, opened. Answers what could not be given back. @throws ProofFailed */
export async function fillCluster(ctx: EngineContext, component: PostgresComponent, filling: ClusterFilling): Promise<readonly string[]> {
  const { imageId, backup, input, globals, server, majorVersion } = filling;
  const place: ServerPlace = { containerId: server.server.id, component: asSuperuser(component, server.server.name, server.superuser) };
  const { database } = component;
  const restored = await restoreAndCompare(ctx, {
    place, imageId, port: 5432, majorVersion, backup, input, step: 'restore', database, jobs, withProperties: true,
    restoreArguments: tablespacesIn(globals).length === 0 ? [] : ['--no-tablespaces'], phase: 'restore into the new server',
    makeDatabase: async () => {
      await createRoles(ctx, place, backup.roles, 'of a new server');
      // initdb has made one of the usual name.
      await dropDatabase(ctx, place, database, null);
      // The server has what it will be served under (create-cluster.sh).
      await createSideDatabase(ctx, place, database, { properties: backup.properties });
    },
  });
  filling.onDifferences?.(restored.differences);
  if (restored.differences.length > 0 && filling.onDifferences === undefined) {
    const differences = restored.differences.map(describeDifference);
    throw new HoldfastFailure('ProofFailed', { operation: 'compare the restored copy', object: `${component.container}/${database}`, cause: `${differences.length} differences: ${differences.slice(0, 3).join('; ')}`, hint: 'Nothing live was changed. Restore another backup, and examine this one.' });
  }
  const impossible = await giveRolesBack(ctx, place, globals, backup.roles.map(({ name }) => name), (await readRoles(ctx, place)).existing);
  await runPsql(ctx, { ...place, database: null, operation: 'open the restored database', sql: statements['open.sql'], variables: { side_oid: restored.oid, database } });
  await runPsql(ctx, { ...place, database: null, operation: 'write everything down', sql: 'CHECKPOINT;', timeoutMs: ctx.timing.quickActivityMs });
  return impossible;
}
