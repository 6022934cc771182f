/** A base backup made ready inside the live data directory: recovered, compared, promoted, shut down. Nothing live changes. And its undo, and what goes away. */
import { run16 } from '../../../containers/labels.ts';
import { findScratchOf, removeScratch } from '../../../containers/scratch.ts';
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { Loss } from '../../../domain/restore-plan.ts';
import type { ComponentCutOver, PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted, sizeText } from '../../../domain/wording.ts';
import type { ArtifactSource, EngineContext, PreparedComponent } from '../../engine.ts';
import { awaitTarget, collationsThatDiffer, promoteAndStop, recoveryStep, startRecovery } from '../recovery/recovery-server.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { queryJson } from '../server/psql.ts';
import { firstError } from '../server/psql-failure.ts';
import { readThrough } from '../server/read-through.ts';
import { scripts } from '../server/script-text.ts';
import { controlData } from './control-data.ts';
import { placeOf, sightData, sightDirectory, type DataSighting } from './data-place.ts';
import { removeDirectories, runDirectoryOf } from './exchange.ts';

/** Written before the first thing is made: without it, a repair has nothing to look for. */
export const directoryNoteKey = (component: string): string => `postgres-directory-${component}`;
const preparedNoteKey = (component: string): string => `postgres-directory-prepared-${component}`;

/** Below the data directory, so that it lies on its file system whatever is mounted where; pg_basebackup leaves out what begins like this (databases.md T8). */
const runDirectory = (owner: RunOwner, component: string): string => `pgsql_tmp.holdfast/${run16(owner, component)}`;
/** What unpacking leaves beside the data, and what replaying writes. */
const spaceFactor = 1.2;

/** @throws what sightData throws; VersionMismatch, NotEnoughSpace, ArtifactDamaged, RestoreFailed, HelperLost */
export async function prepareDirectory(ctx: EngineContext, component: PostgresComponent, backup: PostgresBase, source: ArtifactSource): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  const finished = await finishedBefore(ctx, component);
  if (finished !== null) return finished;
  await refuseOtherMajor(ctx, component, sighting, backup);
  refuseWithoutSpace(component, sighting, backup);
  for (const artifact of backup.artifacts) await readThrough(ctx, source, artifact);
  const loss = await lossOf(ctx, component, sighting, backup);
  await ctx.recordOnce(directoryNoteKey(component.name), { directory: runDirectory(ctx.owner, component.name) });
  const cutOver = await recoverOrClear(ctx, component, sighting, backup, source);
  const prepared = preparedOf(component, cutOver, backup, loss);
  await ctx.recordOnce(preparedNoteKey(component.name), prepared);
  return prepared;
}

/** What an earlier attempt of this run finished, and nobody has touched since. */
async function finishedBefore(ctx: EngineContext, component: PostgresComponent): Promise<PreparedComponent | null> {
  const prepared = await ctx.readNote(preparedNoteKey(component.name)) as PreparedComponent | undefined;
  if (prepared === undefined) return null;
  const cutOver = prepared.cutOver as PostgresDirectoryCutOver;
  const { control } = await sightDirectory(ctx, placeOf(cutOver), `${cutOver.directory}/${cutOver.prepared}`, null);
  return control?.checkpoint === cutOver.control.checkpoint && control.state === cutOver.control.state ? prepared : null;
}

async function refuseOtherMajor(ctx: EngineContext, component: PostgresComponent, { place }: DataSighting, backup: PostgresBase): Promise<void> {
  const major = Number((await ctx.runtime.findImage(place.imageId))?.environment['PG_MAJOR']);
  if (major === backup.server.majorVersion) return;
  throw new HoldfastFailure('VersionMismatch', { operation: 'prepare the restore', object: component.container, cause: `the base backup is of PostgreSQL ${backup.server.majorVersion}, the container's image is of ${Number.isNaN(major) ? 'an unknown one' : major}`, hint: 'A copy of a whole server needs the same major: change the container\'s image, or restore a dump.' });
}

function refuseWithoutSpace(component: PostgresComponent, { freeBytes, place }: DataSighting, backup: PostgresBase): void {
  const needed = Math.ceil(backup.dataSizeBytes * spaceFactor);
  if (!Number.isFinite(freeBytes) || freeBytes >= needed) return;
  throw new HoldfastFailure('NotEnoughSpace', { operation: 'prepare the restore', object: `${component.container}, ${place.mount.source}`, cause: `the recovered copy beside the live data needs ${sizeText(needed)}, ${sizeText(freeBytes)} are free`, hint: 'Make room on that file system.' });
}

/** Only a server that answers can tell what was committed since. */
async function lossOf(ctx: EngineContext, component: PostgresComponent, { container }: DataSighting, backup: PostgresBase): Promise<Loss> {
  const since = { component: component.name, after: backup.snapshot.at, seconds: Math.max(0, Math.round((Date.now() - Date.parse(backup.snapshot.at)) / 1000)) };
  const xmax = BigInt(backup.snapshot.snapshot.split(':')[1] ?? 0);
  if (container.state === 'running') {
    try {
      const live = await queryJson<{ next: string; same: string }>(ctx, { containerId: container.id, component, database: null, operation: 'ask what was committed since', sql: 'SELECT json_build_object(\'next\', pg_snapshot_xmax(pg_current_snapshot())::text, \'same\', (SELECT system_identifier::text FROM pg_control_system()));' });
      const isSame = live.same === backup.server.systemIdentifier;
      return { ...since, transactions: isSame ? String(BigInt(live.next) > xmax ? BigInt(live.next) - xmax : 0n) : null, notes: isSame ? [] : ['The live server is another cluster than the one that was backed up.'] };
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }
  return { ...since, transactions: null, notes: ['The live server does not answer: what was committed since the backup is not known. Its files are kept.'] };
}

/** Without another attempt to come, nothing is left behind; with one, that attempt begins anew in the same place. */
async function recoverOrClear(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, backup: PostgresBase, source: ArtifactSource): Promise<PostgresDirectoryCutOver> {
  try {
    return await recover(ctx, component, sighting, backup, source);
  } catch (error) {
    if (error instanceof HoldfastFailure && !error.retryable && !ctx.signal.aborted) {
      for (const scratch of await findScratchOf(ctx.runtime, ctx.owner)) if (scratch.identity.component === component.name && scratch.identity.step === recoveryStep) await removeScratch(ctx.runtime, scratch);
      await repairDirectory(ctx, component, { owner: ctx.owner, notes: { [directoryNoteKey(component.name)]: true }, kept: [] });
    }
    throw error;
  }
}

async function recover(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, backup: PostgresBase, source: ArtifactSource): Promise<PostgresDirectoryCutOver> {
  const { place, container, control: replaces, hasServer } = sighting;
  const own = runDirectory(ctx.owner, component.name);
  const server = await startRecovery(ctx, {
    backup, source, imageId: place.imageId, request: { target: { kind: 'consistent', backupId: '' }, inclusive: true, timeline: backup.range.timeline }, log: { files: [], mount: null },
    place: { mount: place.mount, directory: `${place.directory}/${own}/new` },
  });
  await awaitTarget(ctx, server);
  const differ = await collationsThatDiffer(ctx, server);
  if (differ.length > 0) {
    throw new HoldfastFailure('VersionMismatch', { operation: 'prepare the restore', object: component.container, cause: `the image sorts text otherwise than the one that was backed up (${differ.slice(0, 3).join(', ')}): its indexes would give wrong answers`, hint: `Use the image of the backup (${backup.server.image}, ${backup.server.imageId}), or restore a dump.` });
  }
  await promoteAndStop(ctx, server);
  // The live configuration, where there is a server that can be taken to have a good one.
  const configuration = container.state === 'running' ? 'live' : 'backup';
  const result = await runPostgresHelper(ctx, {
    component, step: 'finish', imageId: place.imageId, network: 'none', majorVersion: 0, script: scripts.finishDirectory, args: [`${place.directory}/${own}/new`, place.directory, configuration], mounts: [place.mount], phase: 'finish what was recovered',
  });
  const control = result.exitCode === 0 ? controlData(resultOf(result, 'control')) : null;
  if (control === null) throw new HoldfastFailure('RestoreFailed', { operation: 'finish what was recovered', object: component.container, cause: result.exitCode === 0 ? 'pg_controldata was not understood' : firstError(failedStep(result).messages), hint: 'Nothing live was changed. Start the restore again.' });
  return {
    engine: 'postgres', method: 'directory', component: component.name, container: component.container, containerId: container.id, systemIdentifier: control.systemIdentifier, database: component.database,
    volume: place.mount.source, imageId: place.imageId, directory: place.directory, mount: { type: place.mount.type, target: place.mount.target },
    prepared: `${own}/new/data`, aside: `${own}/old`, phase: `${own}/phase`, control, replaces, hadServer: hasServer, wasRunning: container.state === 'running',
  };
}

function preparedOf(component: PostgresComponent, cutOver: PostgresDirectoryCutOver, backup: PostgresBase, loss: Loss): PreparedComponent {
  return {
    component: component.name, cutOver, loss, createdRoles: [], notCompared: backup.notCompared,
    compared: { component: component.name, objects: backup.databases.length, differences: [] },
    notes: [
      `The whole server is replaced, with all of its ${counted(backup.databases.length, 'database')}, its roles and their passwords: ${backup.databases.map(({ name }) => name).join(', ')}.`,
      ...(cutOver.wasRunning ? ['Its configuration files stay as they are now.'] : ['Its configuration files are those of the backup: the server does not run, and theirs may be why.']),
    ],
    steps: stepsOf(cutOver, 'the recovered copy'),
  };
}

const stepsOf = ({ container, directory, aside, hadServer }: PostgresDirectoryCutOver, what: string): PreparedComponent['steps'] => ({
  close: `${container}: ${hadServer ? 'stop the server' : 'nothing to stop, there is no server yet'}`,
  swap: `${container}: ${hadServer ? `move what is in ${directory} to ${aside} (kept), and ` : ''}${what} in, by renames`,
  open: `${container}: start the server`,
});

/** The directory that an earlier cut-over set aside, as something to cut over to. Reads only. @throws UnknownRollbackCopy, AmbiguousState */
export async function prepareDirectoryUndo(ctx: EngineContext, component: PostgresComponent, previous: PostgresDirectoryCutOver): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  const aside = await sightDirectory(ctx, placeOf(previous), `${previous.directory}/${previous.aside}`, `${previous.directory}/${previous.phase}`);
  const fail = (type: 'UnknownRollbackCopy' | 'AmbiguousState', cause: string, hint: string): never => {
    throw new HoldfastFailure(type, { operation: 'find the rollback copy', object: `${previous.container}:${previous.directory}/${previous.aside}`, cause, hint });
  };
  if (!aside.hasServer) return fail('UnknownRollbackCopy', 'no server\'s data lies there', 'It was accepted away, brought back, or there was nothing before the restore.');
  if (aside.phase !== 'done') return fail('AmbiguousState', `the exchange is at "${aside.phase ?? 'the beginning'}"`, 'Run reapLeftovers; it reads what is there.');
  if (aside.control === null) return fail('AmbiguousState', `it cannot be read: ${aside.unreadable ?? ''}`, 'A server that could not be read before the restore is not brought back by an undo; its files are there.');
  const own = runDirectory(ctx.owner, component.name);
  const cutOver: PostgresDirectoryCutOver = {
    ...previous, containerId: sighting.container.id, systemIdentifier: aside.control.systemIdentifier, prepared: previous.aside, aside: `${own}/old`, phase: `${own}/phase`, control: aside.control,
    replaces: sighting.control, hadServer: sighting.hasServer, wasRunning: sighting.container.state === 'running',
  };
  return {
    component: component.name, cutOver, createdRoles: [], notes: [],
    compared: { component: component.name, objects: 0, differences: [] },
    notCompared: [{ object: `${previous.container}:${previous.directory}/${previous.aside}`, reason: 'the rollback copy is the old server\'s own directory, untouched since it was replaced' }],
    loss: { component: component.name, after: new Date().toISOString(), seconds: 0, transactions: null, notes: [`What was written since the restore is set aside as ${own}/old.`] },
    steps: stepsOf(cutOver, 'the old directory'),
  };
}

/** What this run prepared and no cut-over used. What an undo would have brought back is not among it: that is another run's rollback copy. */
export async function discardPreparedDirectory(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDirectoryCutOver): Promise<void> {
  await removeDirectories(ctx, cutOver, 'prepared', [runDirectory(ctx.owner, component.name)]);
}

/** The rollback copy of a cut-over, and what is left of the directory that came in. @throws AmbiguousState where the exchange is not over */
export const discardDirectoryRollback = (ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<string> =>
  removeDirectories(ctx, cutOver, 'aside', [runDirectoryOf(cutOver.aside), runDirectoryOf(cutOver.prepared)]);

/** What an ended run made and no record keeps. @throws what sightData throws */
export async function repairDirectory(ctx: EngineContext, component: PostgresComponent, run: { readonly owner: RunOwner; readonly notes: Readonly<Record<string, unknown>>; readonly kept: readonly ComponentCutOver[] }): Promise<readonly string[]> {
  const own = runDirectory(run.owner, component.name);
  const isKept = run.kept.some((cutOver) => cutOver.engine === 'postgres' && cutOver.method === 'directory' && [cutOver.prepared, cutOver.aside].some((path) => runDirectoryOf(path) === own));
  if (isKept || run.notes[directoryNoteKey(component.name)] === undefined) return [];
  const { place } = await sightData(ctx, component);
  const said = await removeDirectories(ctx, { component: component.name, container: component.container, directory: place.directory, mount: { type: place.mount.type, target: place.mount.target }, volume: place.mount.source, imageId: place.imageId }, 'prepared', [own]);
  return said.includes('removed ') ? [`${component.container}: ${place.directory}/${own}`] : [];
}
