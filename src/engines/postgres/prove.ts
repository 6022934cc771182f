/** Restored into a throwaway server of the same image, without a network, started and compared: the only thing that earns the word "proven". */
import { halfTheMemory } from '../../containers/machine-share.ts';
import { createScratchServer } from '../../containers/scratch-server.ts';
import { removeScratch } from '../../containers/scratch.ts';
import { waitUntil } from '../../containers/wait-until.ts';
import type { PostgresDump } from '../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { ComponentProof } from '../../domain/proof.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import { counted } from '../../domain/wording.ts';
import type { ArtifactSource, EngineContext } from '../engine-context.ts';
import { comparedObjects } from './content/compare-restored.ts';
import { blamesTheData } from './content/restore-failure.ts';
import { postmasterStart } from './inspect.ts';
import type { DumpInput } from './server/dump-input.ts';
import { imageFor } from './server/image-for.ts';
import { preloadSettings } from './server/preload-settings.ts';
import { formatsInCommand } from './server/time-formats.ts';
import { checkedInput, restoreAndCompare } from './side/restore-and-compare.ts';
import { createRoles } from './side/restored-roles.ts';
import { createSideDatabase } from './side/side-database.ts';
import type { ServerPlace } from './side/side-database.ts';

const scratchDatabase = 'holdfast_proof';
const jobs = 2;

/** A copy that is thrown away needs no durability; and it must not act like the original (databases.md P14). */
export const scratchParameters = [
  'fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'wal_level=minimal', 'max_wal_senders=0', 'archive_mode=off', 'autovacuum=off', 'max_wal_size=8GB',
  'max_logical_replication_workers=0', 'shared_buffers=256MB', 'maintenance_work_mem=256MB', 'max_connections=50', 'max_locks_per_transaction=1024', 'logging_collector=off',
];

/** Answers a verdict; throws only what may be tried again. Everything made is removed at the end. */
export async function prove(ctx: EngineContext, backup: PostgresDump, source: ArtifactSource): Promise<ComponentProof> {
  try {
    return await proveInScratch(ctx, backup, source);
  } catch (error) {
    if (ctx.signal.aborted || !isFailure(error) || (error.retryable && error.type !== 'DatabaseUnreachable')) throw error;
    const verdict = blamesTheData(error) || error.type === 'ObjectNotFound' ? 'failed' : 'couldNotVerify';
    return { ...answer(backup), verdict, sentence: `${verdict === 'failed' ? 'It cannot be restored' : 'It could not be tried'}: ${error.fields.object}: ${error.fields.cause}.`, differences: [] };
  }
}

const answer = (backup: PostgresDump): Pick<ComponentProof, 'component' | 'comparedObjects' | 'notCompared'> =>
  ({ component: backup.component, comparedObjects: comparedObjects(backup.content), notCompared: backup.notCompared });

async function proveInScratch(ctx: EngineContext, backup: PostgresDump, source: ArtifactSource): Promise<ComponentProof> {
  const image = await imageFor(ctx, backup);
  if (image === null) {
    throw new HoldfastFailure('ImageMissing', { operation: 'prove the backup', object: backup.server.image, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then prove again.' });
  }
  ctx.progress({ phase: 'start a throwaway server' });
  const server = await createScratchServer(ctx.runtime, {
    identity: { owner: ctx.owner, service: ctx.service, component: backup.component, step: 'proof' }, imageId: image.id, signal: ctx.signal,
    command: ['postgres', ...parametersFor(backup).flatMap((parameter) => ['-c', parameter])],
    environment: { POSTGRES_HOST_AUTH_METHOD: 'trust', POSTGRES_USER: 'postgres', POSTGRES_DB: 'postgres', POSTGRES_INITDB_ARGS: '--no-sync --encoding=UTF8 --locale=C' },
    shmSizeBytes: 512 * 1024 ** 2, ...await halfTheMemory(ctx.runtime),
  });
  try {
    const place: ServerPlace = { containerId: server.id, component: scratchComponent(backup, server.name) };
    const [input] = await Promise.all([checkedInput(ctx, backup, source), start(ctx, place, backup)]);
    return await restoreInto(ctx, place, image, backup, input);
  } finally {
    await removeScratch(ctx.runtime, server);
  }
}

const scratchComponent = (backup: PostgresDump, container: string): PostgresComponent =>
  ({ engine: 'postgres', name: backup.component, container, database: scratchDatabase, user: 'postgres' });

const parametersFor = (backup: PostgresDump): readonly string[] => [...scratchParameters, ...Object.entries({ ...preloadSettings(backup, scratchDatabase), ...formatsInCommand(backup.server) }).map(([name, value]) => `${name}=${value}`)];

async function start(ctx: EngineContext, place: ServerPlace, backup: PostgresDump): Promise<void> {
  await ctx.runtime.start(place.containerId);
  await waitUntil(() => postmasterStart(ctx, place.component, place.containerId), { withinMs: ctx.timing.startUpMs, everyMs: ctx.timing.pollMs, signal: ctx.signal },
    () => new HoldfastFailure('CouldNotVerify', { operation: 'start a throwaway server', object: backup.server.image, cause: 'it does not answer', hint: 'Look at the memory and disk of the Docker engine.' }));
}

async function restoreInto(ctx: EngineContext, place: ServerPlace, image: { readonly id: string; readonly majorVersion: number }, backup: PostgresDump, input: DumpInput): Promise<ComponentProof> {
  const { differences } = await restoreAndCompare(ctx, {
    place, imageId: image.id, port: 5432, majorVersion: image.majorVersion, backup, input, step: 'proof-restore', database: scratchDatabase, jobs, withProperties: false, phase: 'restore and compare',
    // No copy of production data may announce itself to its publishers and subscribers; and a throwaway server has no tablespaces.
    restoreArguments: ['--no-publications', '--no-tablespaces'],
    makeDatabase: async () => {
      await createRoles(ctx, place, backup.roles.filter((role) => role.referenced), 'of a proof');
      await createSideDatabase(ctx, place, scratchDatabase, backup);
    },
  });
  const { content } = backup;
  const sentence = differences.length === 0
    ? `Restored into a throwaway server and equal: ${counted(content.tables.length, 'table')}, ${counted(content.sequences.length, 'sequence')}, ${content.largeObjects.count} large objects, ${Object.keys(content.objects).length} kinds of objects.`
    : `Restored, but ${counted(differences.length, 'difference')} from the manifest.`;
  return { ...answer(backup), verdict: differences.length === 0 ? 'proven' : 'failed', sentence, differences };
}
