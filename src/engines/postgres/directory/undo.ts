/** The way back of a cut-over by data directory. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import { placeOf, sightData, sightDirectory } from './data-place.ts';
import { stepsOf } from './finish-copy.ts';
import { runDirectory } from './run-directory.ts';

/** The directory that an earlier cut-over set aside, as something to cut over to. Reads only. @throws UnknownRollbackCopy, AmbiguousState */
export async function prepareDirectoryUndo(ctx: EngineContext, component: PostgresComponent, previous: PostgresDirectoryCutOver): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  const aside = await sightDirectory(ctx, placeOf(previous), `${previous.directory}/${previous.aside}`, `${previous.directory}/${previous.phase}`);
  const fail = (type: 'UnknownRollbackCopy' | 'AmbiguousState', cause: string, hint: string): never => {
    throw new HoldfastFailure(type, { operation: 'find the rollback copy', object: `${previous.container}:${previous.directory}/${previous.aside}`, cause, hint });
  };
  if (!aside.hasServer) return fail('UnknownRollbackCopy', 'no server\'s data lies there', 'It was accepted away, brought back, or there was nothing before the restore.');
  if (aside.phase !== 'done') return fail('AmbiguousState', `the exchange is at "${aside.phase ?? 'the beginning'}"`, 'Run reapLeftovers; it reads what is there.');
  const own = runDirectory(ctx.owner, component.name);
  const cutOver: PostgresDirectoryCutOver = {
    ...previous, containerId: sighting.container.id, systemIdentifier: aside.control?.systemIdentifier ?? previous.systemIdentifier, prepared: previous.aside, aside: `${own}/old`, phase: `${own}/phase`, control: aside.control,
    replaces: sighting.control, hadServer: sighting.hasServer, wasRunning: sighting.container.state === 'running',
    ...(previous.answered === undefined ? {} : { answered: true }),
  };
  return {
    component: component.name, cutOver, createdRoles: [],
    notes: aside.control === null ? [`What comes back could not be read when it was set aside (${aside.unreadable ?? 'its control data was not understood'}): its files are brought back as they were, and no server will start on them before they are mended.`] : [],
    compared: { component: component.name, objects: 0, differences: [] },
    notCompared: [{ object: `${previous.container}:${previous.directory}/${previous.aside}`, reason: 'the rollback copy is the old server\'s own directory, untouched since it was replaced' }],
    loss: { component: component.name, after: new Date().toISOString(), seconds: 0, transactions: null, notes: [`What was written since the restore is set aside as ${own}/old.`] },
    steps: stepsOf(cutOver, 'the old directory'),
  };
}
