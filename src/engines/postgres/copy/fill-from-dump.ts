/** A dump restored into a new cluster in the volume of a copy, compared with what the backup says of it, and made a server of its own there. */
import { halfTheMemory } from '../../../containers/machine-share.ts';
import { removeScratch } from '../../../containers/scratch.ts';
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { CopySource, FilledCopy } from '../../copy-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { fillCluster } from '../directory/fill-cluster.ts';
import { asSuperuser, startCluster, stopCluster } from '../directory/fresh-cluster.ts';
import { roomForDump } from '../directory/prepare-from-dump.ts';
import { artifactOf } from '../server/dump-input.ts';
import { tablespacesIn } from '../server/globals.ts';
import { runPsql } from '../server/psql.ts';
import { readText } from '../server/read-through.ts';
import { checkedInput } from '../side/restore-and-compare.ts';
import { tablespaceNotes } from '../side/missing-tablespaces.ts';
import { directory, finishServer, imageForDump, setUpOf, volumeMount, whoGetsIn } from './finish-server.ts';

/** @throws as preparing a restore from a dump may where no server can be used: ArtifactDamaged, RestoreFailed, ProofFailed, NotEnoughSpace, HelperLost; ImageMissing */
export async function fillFromDump(ctx: EngineContext, component: PostgresComponent, backup: PostgresDump, { source, tellsDifferences }: Pick<CopySource, 'source' | 'tellsDifferences'>, volume: string): Promise<FilledCopy> {
  const image = await imageForDump(ctx, backup);
  const [input, globals, { initdb }] = await Promise.all([checkedInput(ctx, backup, source), readText(ctx, source, artifactOf(backup, 'globals')), setUpOf(ctx, backup)]);
  const server = await startCluster(ctx, component, { imageId: image.id, mount: volumeMount(volume), directory, like: `${directory}/data`, initdb, ...await halfTheMemory(ctx.runtime) }, backup, roomForDump(backup).ownBytes);
  let differences: FilledCopy['differences'];
  const impossible = await fillCluster(ctx, component, {
    imageId: image.id, backup, input, globals, server, majorVersion: image.majorVersion, ...(tellsDifferences === true ? { onDifferences: (found) => { differences = found; } } : {}),
  });
  const ask = async (sql: string): Promise<readonly string[]> =>
    (await runPsql(ctx, { containerId: server.server.id, component: asSuperuser(component, server.server.name, server.superuser), database: null, operation: 'make it a server of its own', sql })).split('\n');
  const notes = [...impossible, ...tablespaceNotes(tablespacesIn(globals)), ...await whoGetsIn(ask, component, volume)];
  await stopCluster(ctx, component, server);
  await removeScratch(ctx.runtime, server.server);
  return {
    at: backup.snapshot.at, reached: null, ...(differences === undefined ? {} : { differences }),
    notes: [
      `It holds the database ${component.database} and the roles of the backup: a dump has no other databases, and none of the original's configuration files`,
      ...notes, ...await finishServer(ctx, component, backup, image.id, volume),
    ],
  };
}
