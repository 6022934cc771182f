/** What goes away again: what was prepared and not used, a rollback copy that is accepted away, and what an ended run left. */
import { removeScratch } from '../../../containers/scratch.ts';
import type { ComponentCutOver, PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { findRecovery } from '../recovery/recovery-server.ts';
import { placeOf, sightData, type DataPlace } from './data-place.ts';
import { removeDirectories } from './exchange.ts';
import { directoryNoteKey, runDirectory, runDirectoryOf } from './run-directory.ts';

/** What this run prepared and no cut-over used. What an undo would have brought back is not among it: that is another run's rollback copy. */
export async function discardPreparedDirectory(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDirectoryCutOver): Promise<void> {
  await removeRecovery(ctx, ctx.owner, component, placeOf(cutOver));
}

/** The server that recovers for a run, and the directory that it works in; answers what the removal said. */
export async function removeRecovery(ctx: EngineContext, owner: RunOwner, component: PostgresComponent, place: DataPlace): Promise<string> {
  await removeRecoveryServer(ctx, owner, component);
  const { mount, directory, imageId } = place;
  return removeDirectories(ctx, { component: component.name, container: component.container, directory, mount: { type: mount.type, target: mount.target }, volume: mount.source, imageId }, 'prepared', [runDirectory(owner, component.name)]);
}

/** Its files stay. */
async function removeRecoveryServer({ runtime }: Pick<EngineContext, 'runtime'>, owner: RunOwner, component: PostgresComponent): Promise<void> {
  const server = await findRecovery({ runtime, owner }, component.name);
  if (server !== null) await removeScratch(runtime, server.server);
}

/** The rollback copy of a cut-over, and what is left of the directory that came in. @throws AmbiguousState where the exchange is not over */
export const discardDirectoryRollback = (ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<string> =>
  removeDirectories(ctx, cutOver, 'aside', [runDirectoryOf(cutOver.aside), runDirectoryOf(cutOver.prepared)]);

/** What an ended run made and no record keeps. @throws what sightData throws */
export async function repairDirectory(ctx: EngineContext, component: PostgresComponent, run: { readonly owner: RunOwner; readonly notes: Readonly<Record<string, unknown>>; readonly kept: readonly ComponentCutOver[] }): Promise<readonly string[]> {
  const own = runDirectory(run.owner, component.name);
  const isKept = run.kept.some((cutOver) => cutOver.engine === 'postgres' && cutOver.method === 'directory' && [cutOver.prepared, cutOver.aside].some((path) => runDirectoryOf(path) === own));
  if (isKept || run.notes[directoryNoteKey(component.name)] === undefined) return [];
  const { place } = await sightData(ctx, component, 'look');
  const said = await removeRecovery(ctx, run.owner, component, place);
  return said.includes('removed ') ? [`${component.container}: ${place.directory}/${own}`] : [];
}
