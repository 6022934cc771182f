/** What was recovered becomes a data directory that the live server can be started on, and the record of how the two will be exchanged. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { removeScratch } from '../../../containers/scratch.ts';
import { allEnded } from '../../../domain/all-ended.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ControlData, PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import { promoteAndStop, type RecoveryServer } from '../recovery/recovery-server.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { scripts } from '../server/script-text.ts';
import { controlData } from './control-data.ts';
import type { DataSighting } from './data-place.ts';
import { runDirectory } from './run-directory.ts';

/**
 * Promoted, shut down, and given the configuration of {@link configurationFor}, unless the caller knows.
 * @param isAnswering as for {@link cutOverOf} @throws RestoreFailed, HelperLost
 */
export async function finishCopy(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, server: RecoveryServer, lsn: string, isAnswering: boolean, configuration?: 'live' | 'backup'): Promise<PostgresDirectoryCutOver> {
  await promoteAndStop(ctx, server, lsn);
  // The container goes while its files are finished: it has ended, and neither needs the other.
  const whose = configuration ?? configurationFor(wasOf(sighting.container, isAnswering));
  const [finished] = await allEnded([finishFiles(ctx, component, sighting, whose), removeScratch(ctx.runtime, server.server)]);
  return cutOverOf(ctx, component, sighting, finished, isAnswering);
}

/** The live one, where a server can be taken to have a good one: it runs and answers. One that is silent may listen where nobody looks, or let nobody in, for what its files say. */
export const configurationFor = ({ wasRunning, answered }: Pick<PostgresDirectoryCutOver, 'wasRunning' | 'answered'>): 'live' | 'backup' => (wasRunning && answered !== false ? 'live' : 'backup');

async function finishFiles(ctx: EngineContext, component: PostgresComponent, { place }: DataSighting, configuration: 'live' | 'backup'): Promise<ControlData> {
  const result = await runPostgresHelper(ctx, {
    component, step: 'finish', imageId: place.imageId, network: 'none', majorVersion: 0, script: scripts.finishDirectory, args: [`${place.directory}/${runDirectory(ctx.owner, component.name)}/new`, place.directory, configuration], mounts: [place.mount],
    phase: 'finish what was recovered',
  });
  const control = result.exitCode === 0 ? controlData(resultOf(result, 'control')) : null;
  if (control === null) throw new HoldfastFailure('RestoreFailed', { operation: 'finish what was recovered', object: component.container, cause: result.exitCode === 0 ? 'pg_controldata was not understood' : firstError(failedStep(result).messages), hint: 'Nothing live was changed. Start the restore again.' });
  return control;
}

/** @param control of what comes in @param isAnswering what is replaced, now */
export function cutOverOf(ctx: EngineContext, component: PostgresComponent, { place, container, control: replaces, hasServer }: DataSighting, control: ControlData, isAnswering: boolean): PostgresDirectoryCutOver {
  const own = runDirectory(ctx.owner, component.name);
  return {
    engine: 'postgres', method: 'directory', component: component.name, container: component.container, containerId: container.id, systemIdentifier: control.systemIdentifier, database: component.database,
    volume: place.mount.source, imageId: place.imageId, directory: place.directory, mount: { type: place.mount.type, target: place.mount.target },
    prepared: `${own}/new/data`, aside: `${own}/old`, phase: `${own}/phase`, control, replaces, hadServer: hasServer, ...wasOf(container, isAnswering),
  };
}

/** What a roll-back leaves it at: one that its restart policy tries again and again counts as running. */
export const wasOf = ({ state }: Pick<ContainerFacts, 'state'>, isAnswering: boolean): Pick<PostgresDirectoryCutOver, 'wasRunning' | 'answered'> =>
  (state === 'running' || state === 'restarting' ? { wasRunning: true, ...(isAnswering && state === 'running' ? {} : { answered: false }) } : { wasRunning: false });

export const stepsOf = ({ container, directory, aside, hadServer, bringsServer }: PostgresDirectoryCutOver, what: string): PreparedComponent['steps'] => ({
  close: `${container}: ${hadServer ? 'stop the server' : 'nothing to stop, there is no server yet'}`,
  swap: `${container}: ${hadServer ? `move what is in ${directory} to ${aside} (kept), and ` : ''}${what} in, by renames`,
  open: `${container}: ${bringsServer === false ? 'nothing to start, there was no server' : 'start the server'}`,
});
