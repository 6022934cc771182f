/** A base backup recovered to a moment inside the live data directory, beside what is live, and left there paused. */
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { collationsThatDiffer, findRecovery, queryRecovered, readState, type Reached, type RecoveryServer, type RecoveryState } from '../recovery/recovery-server.ts';
import { awaitTarget, continueRecovery, startRecovery, type Recovery, type RecoveryPlace } from '../recovery/start-recovery.ts';
import { liesBehind } from '../recovery/target.ts';
import type { DataPlace, DataSighting } from './data-place.ts';
import { firstError } from '../server/psql-failure.ts';
import { isOtherLibrary, movedNotes, sortedText } from '../server/sorted-otherwise.ts';
import { removeRecovery } from './remove.ts';
import { tablespacesText } from './require-fit.ts';
import { directoryNoteKey, runDirectory } from './run-directory.ts';

/** What to recover; the place is the live server's. */
export type RecoveryBeside = Pick<Recovery, 'backup' | 'source' | 'request' | 'log'>;

/**
 * Begun anew, or, where this run's server stands at a moment before it, gone on from there. Without another attempt to come nothing is left behind of one that failed.
 * @throws as startRecovery and awaitTarget; VersionMismatch where the image sorts text otherwise
 */
export async function recoverBeside(ctx: EngineContext, component: PostgresComponent, { place, container }: DataSighting, beside: RecoveryBeside): Promise<{ readonly server: RecoveryServer; readonly reached: Reached; readonly notes: readonly string[] }> {
  await ctx.recordOnce(directoryNoteKey(component.name), { directory: runDirectory(ctx.owner, component.name) });
  const recovery: Recovery = { ...beside, imageId: place.imageId, imageName: container.image, place: placeFor(ctx, place) };
  try {
    const server = await goOn(ctx, recovery, await standing(ctx, component)) ?? await startRecovery(ctx, recovery);
    const reached = await awaitTarget(ctx, recovery, server);
    await requireNoTablespaces(ctx, component, server);
    return { server, reached, notes: await requireSameOrder(ctx, component, server, beside.backup, place.imageId) };
  } catch (error) {
    if (error instanceof HoldfastFailure && !error.retryable && !ctx.signal.aborted) await removeRecovery(ctx, ctx.owner, component, place);
    throw error;
  }
}

/** This run's server and where it stands; null where it has ended, goes on, or never was. */
export async function standing(ctx: EngineContext, component: PostgresComponent): Promise<{ readonly server: RecoveryServer; readonly state: RecoveryState } | null> {
  const server = await findRecovery(ctx, component.name);
  const state = server === null ? null : await readState(ctx, server);
  return server !== null && state?.paused === true ? { server, state } : null;
}

/** Null where it has to be begun anew: the moment may lie before, or belongs to another base backup. */
async function goOn(ctx: EngineContext, recovery: Recovery, from: Awaited<ReturnType<typeof standing>>): Promise<RecoveryServer | null> {
  if (from === null || !liesBehind(recovery.request.target, from.state)) return null;
  try {
    return await continueRecovery(ctx, recovery, from.server);
  } catch (error) {
    if (isFailure(error, 'RestoreFailed')) return null;
    throw error;
  }
}

/** No path of the original's leads there: a tablespace that the log makes would else be made, and written to, on the live volume (databases.md P12). */
const liveVolume = '/holdfast-live';

const placeFor = (ctx: EngineContext, { component, directory, mount }: DataPlace): RecoveryPlace =>
  ({ mount: { ...mount, target: liveVolume }, directory: `${liveVolume}${directory.slice(mount.target.length)}/${runDirectory(ctx.owner, component)}/new` });

const tablespacesSql = 'SELECT coalesce(json_agg(format(\'%s at %s\', spcname, pg_tablespace_location(oid)) ORDER BY oid), \'[]\') FROM pg_tablespace WHERE pg_tablespace_location(oid) LIKE \'/%\';';

/** Those of the base backup were refused before it was unpacked; these the log has made. @throws UnsupportedTopology */
async function requireNoTablespaces(ctx: EngineContext, component: PostgresComponent, server: RecoveryServer): Promise<void> {
  const { exitCode, stdout, stderr } = await queryRecovered(ctx, server, { sql: tablespacesSql, timeoutMs: ctx.timing.execMs });
  if (exitCode !== 0) throw new HoldfastFailure('RestoreFailed', { operation: 'look for tablespaces', object: server.server.name, cause: firstError(stderr), hint: 'Nothing live was changed.' });
  const found = JSON.parse(stdout) as readonly string[];
  if (found.length === 0) return;
  throw new HoldfastFailure('UnsupportedTopology', {
    operation: 'prepare the restore', object: component.container, cause: `at that moment it has ${tablespacesText(found)}`,
    hint: 'Only a data directory as a whole is exchanged. Ask for a moment before they were made; or take a copy of this one (--into NAME), single tables of it (--table), or a dump.',
  });
}

/** Answers notes for the plan. @param imageId of the server that it is recovered by @throws VersionMismatch */
export async function requireSameOrder(ctx: EngineContext, component: PostgresComponent, server: RecoveryServer, { server: then }: Pick<PostgresBase, 'server'>, imageId: string): Promise<readonly string[]> {
  const isSameImage = imageId === then.imageId;
  const found = await collationsThatDiffer(ctx, server, isSameImage);
  const differ = found.filter((each) => isOtherLibrary(each, isSameImage));
  if (differ.length === 0) return movedNotes(found);
  throw new HoldfastFailure('VersionMismatch', {
    operation: 'prepare the restore', object: component.container, cause: `the image sorts text otherwise than the one that was backed up (${differ.slice(0, 3).map(sortedText).join('; ')}): its indexes would give wrong answers`,
    hint: isSameImage
      ? 'The server that was backed up had it, too: REINDEX its databases, ALTER DATABASE … REFRESH COLLATION VERSION, and take a new base backup; or restore a dump.'
      : `Use the image of the backup (${then.imageDigest ?? then.image}, ${then.imageId}), or restore a dump.`,
  });
}
