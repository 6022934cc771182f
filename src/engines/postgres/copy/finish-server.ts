/** What was made in the volume of a copy becomes a server of its own there, with a configuration that one starts with; and who gets into it. */
import type { MountSpec } from '../../../containers/container-runtime.ts';
import type { PostgresBackup, PostgresDump } from '../../../domain/backup-manifest.ts';
import { shellLine } from '../../../domain/container-set-up.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { asArguments } from '../base/base-input.ts';
import { imageFor } from '../server/image-for.ts';
import { failedStep, runPostgresHelper } from '../server/postgres-helper.ts';
import { diskFullIn, firstError } from '../server/psql-failure.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { copyScripts, scripts } from '../server/script-text.ts';
import { carriedBy, likeOriginal, plainSettings, quietSettings } from './copy-settings.ts';

/** Where a copy's server finds its volume. */
export const directory = '/var/lib/holdfast-copy';

export const volumeMount = (volume: string): MountSpec => ({ type: 'volume', source: volume, target: directory });

/** The image whose tools read a dump, for a server made of it. @throws ImageMissing */
export async function imageForDump(ctx: EngineContext, backup: PostgresDump): Promise<{ readonly id: string; readonly majorVersion: number }> {
  const image = await imageFor(ctx, backup);
  if (image !== null) return image;
  throw new HoldfastFailure('ImageMissing', { operation: 'make the copy', object: backup.server.image, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion} or newer`, hint: 'Pull it, then start again.' });
}

/** Users and databases are those of that moment: who does not get in is told. @param ask the server, as its superuser: the rows of a query, a line each */
export async function whoGetsIn(ask: (sql: string) => Promise<readonly string[]>, { name, user, database }: PostgresComponent, container: string): Promise<readonly string[]> {
  const sql = `${psqlVariables({ user, database })}SELECT coalesce((SELECT CASE WHEN rolpassword IS NULL THEN 'open' ELSE 'closed' END FROM pg_authid WHERE rolname = :'user'), 'none'), EXISTS (SELECT FROM pg_database WHERE datname = :'database');`;
  const [password, hasDatabase] = (await ask(sql))[0]?.split('|') ?? [];
  return [
    ...(hasDatabase === 't' ? [] : [`${name} had no database ${database} at that moment`]),
    ...(password === 'none' ? [`${name} had no user ${user} at that moment`] : []),
    ...(password === 'open' ? [`${user} had no password at that moment, and without one nobody comes over the network: ${shellLine(['docker', 'exec', '-it', container, 'psql', '-U', user, database])}`] : []),
  ];
}

/** Answers how its configuration differs from the original's, a sentence each. @throws RestoreFailed where no server starts at all, HelperLost */
export async function finishServer(ctx: EngineContext, component: PostgresComponent, backup: PostgresBackup, imageId: string, volume: string): Promise<readonly string[]> {
  const { command } = await setUpOf(ctx, backup);
  const carried = carriedBy(backup, component.database, command);
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'copy-finish', imageId, network: 'none', majorVersion: 0, script: scripts.finishCopy, args: [directory, ...asArguments(quietSettings(carried))],
    files: { 'like-original.conf': likeOriginal(carried, command), 'plain.conf': plainSettings(carried), 'run-server.sh': copyScripts.runServer },
    mounts: [volumeMount(volume)], phase: 'make it a server of its own',
  });
  if (result.exitCode !== 0) {
    const { messages } = failedStep(result);
    const full = diskFullIn(messages);
    throw new HoldfastFailure(full === null ? 'RestoreFailed' : 'DiskFull', { operation: 'make it a server of its own', object: backup.component, cause: full ?? firstError(messages), hint: 'Nothing live was changed, and what was made is removed.' });
  }
  return result.files.has('refused') ? [`No server starts with the original's configuration here (${firstError(result.files.get('refused') ?? '')}): the copy has the plain one, with its sizes`] : [];
}

/** How the original's container is set up. `initdb`: what its image is told for a first start; of a container that is gone nothing. */
interface CopiedSetUp {
  readonly command: readonly string[];
  readonly shmSizeBytes: number;
  readonly memoryBytes: number;
  readonly initdb: string;
}

/** As the backup recorded it; of an older one as the container is now. */
export async function setUpOf(ctx: EngineContext, { server }: PostgresBackup): Promise<CopiedSetUp> {
  const live = await ctx.runtime.find(server.container);
  const { command, shmSizeBytes, memoryBytes } = server.setUp ?? live ?? { command: [], shmSizeBytes: 0, memoryBytes: 0 };
  return { command, shmSizeBytes, memoryBytes, initdb: live?.placeVariables['POSTGRES_INITDB_ARGS'] ?? '' };
}
