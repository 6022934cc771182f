/** Where a server keeps its data, told without the server: from its container and what lies on the volume. */
import { awayFailure } from '../../../containers/away-storage.ts';
import type { ContainerFacts, MountSpec } from '../../../containers/container-runtime.ts';
import { isAtWork } from '../../../containers/container-state.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { howToRun } from '../../../containers/how-to-run.ts';
import { identityOf } from '../../../containers/labels.ts';
import { saysAway } from '../../../containers/machine-words.ts';
import { mountHolding } from '../../../containers/mount-holding.ts';
import { othersOn } from '../../../containers/others-on-data.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ControlData, PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { scripts } from '../server/script-text.ts';
import { controlData } from './control-data.ts';
import { dataDirectoryIn } from './data-directory.ts';

/** A data directory on a volume, and the mount by which a helper finds it under the same path. */
export interface DataPlace {
  readonly component: string;
  readonly directory: string;
  readonly mount: MountSpec & { readonly type: 'volume' | 'bind' };
  readonly imageId: string;
}

export interface DirectorySighting {
  /** Is a server's directory there at all? */
  readonly hasServer: boolean;
  /** Of its PG_VERSION; null where there is none. */
  readonly majorVersion: number | null;
  /** Null where there is none, or it cannot be read (`unreadable` then says why). */
  readonly control: ControlData | null;
  readonly unreadable: string | null;
  /** It follows another server, or would once it is started. */
  readonly standby: boolean;
  /** Names of its physical replication slots: through these others follow it, or take its log. */
  readonly followedThrough: readonly string[];
  /** How far an exchange went, in exchange.sh's words; null where none has begun. */
  readonly phase: string | null;
  readonly freeBytes: number;
}

export interface DataSighting extends DirectorySighting {
  readonly place: DataPlace;
  readonly container: ContainerFacts;
}

/**
 * Looks at the data of a component whose server may run, be stopped, crash again and again, or never have been made. Reads only.
 * @param purpose `exchange` unless given: then the container has to be one that an exchange ends well in
 * @throws ContainerNotFound, UnsupportedTopology where parts of it lie elsewhere or on no volume, HelperLost; to exchange it what requireExchangeable throws
 */
export async function sightData(ctx: EngineContext, component: PostgresComponent, purpose: 'exchange' | 'look' = 'exchange'): Promise<DataSighting> {
  const container = await ctx.runtime.inspect(component.container);
  const directory = dataDirectoryIn(container);
  if (purpose === 'exchange') requireExchangeable(container, directory);
  if (directory === null) throw unsupported(component.container, 'its image does not say where it keeps its data (PGDATA)', 'Set PGDATA in the container\'s environment.');
  const place: DataPlace = { component: component.name, directory, mount: mountOfData(component, container, directory), imageId: container.imageId };
  if (purpose === 'exchange') await requireAlone(ctx, container, place);
  return { place, container, ...await sightDirectory(ctx, place, directory, null) };
}

/** Whatever is made ready, the container is stopped for it. @throws UnsupportedTopology, ContainerNotRunning where it is paused */
function requireExchangeable({ name, autoRemove, mounts, state }: ContainerFacts, directory: string | null): void {
  if (state === 'paused') throw new HoldfastFailure('ContainerNotRunning', { operation: 'find the data of the database', object: name, cause: 'it is paused', hint: `Make it go on (${howToRun({ name, state })}), then start the restore again. Nothing was changed.` });
  const nested = directory === null ? null : mountBelow(mounts, directory);
  if (nested !== null) throw unsupported(name, `${nested} is a mount of its own in its data directory: what lies there would stay, and the server start on it with other data`, 'Give the container one volume for all of its data directory.');
  if (autoRemove) throw unsupported(name, 'it was made with --rm: the engine removes it and its anonymous volumes when the restore stops it, and the data, old and new, with them', 'Make the container again without --rm, on a named volume.');
}

/** Two servers on one data directory ruin it, and nothing is moved under one (exchange.ts): better told before anybody has waited. Whatever is ours comes and goes. @throws UnsupportedTopology */
async function requireAlone(ctx: EngineContext, { id, name }: ContainerFacts, { directory, mount }: DataPlace): Promise<void> {
  const other = (await othersOn(ctx.runtime, { directory, ...mount }, dataDirectoryIn)).find((each) => each.id !== id && isAtWork(each) && identityOf(each.labels) === null);
  if (other === undefined) return;
  throw unsupported(name, `${other.name} is ${other.state} on the same data (${mount.source})`, `Stop it (docker stop ${other.name}), then start again. Nothing was changed.`);
}

/** What a server only reads, and what it needs no more after a restart: wherever it lies, an exchange loses nothing of it. */
const mayBeMounted: ReadonlySet<string> = new Set(['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf', 'pg_stat_tmp']);

/** A mount that holds a part of the data where no helper sees it; null where there is none. Pure. */
export function mountBelow(mounts: ContainerFacts['mounts'], directory: string): string | null {
  return mounts.find(({ destination }) => destination.startsWith(`${directory}/`) && !mayBeMounted.has(destination.slice(directory.length + 1)))?.destination ?? null;
}

/** For the plan: whether what is replaced could be a server again. */
export const keptNotes = ({ unreadable }: Pick<DirectorySighting, 'unreadable'>): readonly string[] =>
  (unreadable === null ? [] : [`NO WAY BACK TO A SERVER THAT WORKS: what lies there now cannot be read (${unreadable}). It is kept as it is, and an undo would bring it back like that.`]);

/** The place of a cut-over, whichever container is on it now. */
export const placeOf = ({ component, directory, mount, volume, imageId }: PostgresDirectoryCutOver): DataPlace => ({ component, directory, mount: { ...mount, source: volume }, imageId });

/** @param directory the data directory, or one below it @param phase path of a phase file */
export async function sightDirectory(ctx: EngineContext, place: DataPlace, directory: string, phase: string | null): Promise<DirectorySighting> {
  return (await sightDirectories(ctx, place, [directory], phase))[0] as DirectorySighting;
}

/** The same of several in one look, in their order. @param step two looks at once are two steps */
export async function sightDirectories(ctx: EngineContext, place: DataPlace, directories: readonly string[], phase: string | null, step = 'look'): Promise<readonly DirectorySighting[]> {
  const result = await runPostgresHelper(ctx, {
    component: { name: place.component, user: 'postgres' }, step, imageId: place.imageId, network: 'none', majorVersion: 0, script: scripts.lookAtDirectory, args: [phase ?? '', ...directories],
    mounts: [{ ...place.mount, readOnly: true }], phase: 'look at the data',
  });
  if (result.exitCode !== 0 && saysAway(result.messages)) throw awayFailure('look at the data', place.mount.source, firstError(result.messages));
  if (result.exitCode !== 0) throw unsupported(place.mount.source, `its data directory ${directories[0] ?? ''} cannot be looked at: ${firstError(failedStep(result).messages)}`, 'See what is mounted there.');
  return directories.map((_, index) => sightingIn(place, result, `${index + 1}`));
}

function sightingIn(place: DataPlace, result: HelperResult, number: string): DirectorySighting {
  const text = (name: string): string | undefined => result.files.get(`${number}.${name}`);
  const elsewhere = text('elsewhere');
  if (elsewhere !== undefined) throw unsupported(place.mount.source, elsewhere.trim(), 'A data directory is exchanged as a whole; parts of it on other file systems cannot be.');
  const control = text('control');
  const server = resultOf(result, `${number}.server`).trim();
  return {
    hasServer: server !== 'none', majorVersion: Number.parseInt(server, 10) || null, control: control === undefined ? null : controlData(control), unreadable: text('control.unreadable')?.trim() ?? null,
    standby: text('standby') !== undefined, followedThrough: (text('slots') ?? '').split('\n').filter((name) => name !== ''),
    phase: result.files.get('phase')?.trim() ?? null, freeBytes: Number(text('free')?.trim()) * 1024,
  };
}

function mountOfData(component: PostgresComponent, container: ContainerFacts, directory: string): DataPlace['mount'] {
  const mount = mountHolding(container.mounts, directory);
  if (mount === null || mount.source === null || (mount.type !== 'volume' && mount.type !== 'bind') || !mount.writable) {
    throw unsupported(component.container, `its data directory ${directory} lies on no volume`, 'Move the data to a volume: what is kept in the container itself is gone with it.');
  }
  return { type: mount.type, source: mount.source, target: mount.destination };
}

const unsupported = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('UnsupportedTopology', { operation: 'find the data of the database', object, cause, hint });
