/** The steps of a cut-over by data directory: the server stopped, everything by rename, from wherever an earlier attempt ended; and back. */
import { text } from 'node:stream/consumers';
import { awayFailure } from '../../../containers/away-storage.ts';
import { readFileFromContainer } from '../../../containers/container-files.ts';
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { isAtWork, isStopped } from '../../../containers/container-state.ts';
import { toldToEndAtStart } from '../../../containers/ended-by-others.ts';
import { identityOf } from '../../../containers/labels.ts';
import { saysAway } from '../../../containers/machine-words.ts';
import { othersOn } from '../../../containers/others-on-data.ts';
import { findScratchOf, removeScratch, type RemovableKind } from '../../../containers/scratch.ts';
import type { Difference } from '../../../domain/content.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import { leavesNoServer, type PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import { runPostgresHelper } from '../server/postgres-helper.ts';
import { scripts } from '../server/script-text.ts';
import { waitUntilReady } from '../wait-until-ready.ts';
import { mountBelow, placeOf, sightDirectories, sightDirectory, type DataSighting, type DirectorySighting } from './data-place.ts';
import { dataDirectoryIn } from './data-directory.ts';
import { directoryNoteKey, preparedNoteKey, runDirectory, runDirectoryOf } from './run-directory.ts';

/** The step that moves out again. */
const movingBack = 'exchange-out';
/** fail 33 of our scripts: what lies there fits no point of the way. */
const fitsNowhere = 33;
const compared = ['systemIdentifier', 'timeline', 'checkpoint', 'state'] as const;

/** What is there where a cut-over leads to. */
export const sight = (ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<DirectorySighting> => sightDirectory(ctx, placeOf(cutOver), cutOver.directory, `${cutOver.directory}/${cutOver.phase}`);

/** What comes in lies there as it was left, and what it replaces is what it was made for. Reads only. @throws PlanChanged, ContainerRecreated */
export async function requireReady(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDirectoryCutOver): Promise<void> {
  const changed = (cause: string): HoldfastFailure => planChanged(cutOver, cause);
  const container = await ctx.runtime.inspect(component.container);
  const [live, prepared] = await sightDirectories(ctx, placeOf(cutOver), [cutOver.directory, `${cutOver.directory}/${cutOver.prepared}`], `${cutOver.directory}/${cutOver.phase}`, 'look-ready') as [DirectorySighting, DirectorySighting];
  if (live.phase !== null) throw changed(`the exchange has begun (${live.phase})`);
  if (cutOver.replace !== undefined) return requireSameLive({ ...live, container }, cutOver);
  if (differing(prepared, cutOver).length > 0) throw changed('what was prepared is gone, or was altered');
  requireSameLive({ ...live, container }, cutOver);
}

/** Is what would be replaced still what the plan was made for? Each restore goes on on a timeline of its own: one that came between is seen by it. @throws PlanChanged, ContainerRecreated */
export function requireSameLive({ container, hasServer, control }: Pick<DataSighting, 'container' | 'hasServer' | 'control'>, planned: PostgresDirectoryCutOver): void {
  if (container.id !== planned.containerId) throw planChanged(planned, 'its container is another one than the plan names', 'ContainerRecreated');
  const isSame = control?.systemIdentifier === planned.replaces?.systemIdentifier && control?.timeline === planned.replaces?.timeline;
  if (hasServer !== planned.hadServer || !isSame) throw planChanged(planned, `what it would replace is not what the plan was made for${control === null ? '' : `: the live server is on timeline ${control.timeline} of ${control.systemIdentifier}`}`);
}

export const planChanged = ({ container }: PostgresDirectoryCutOver, cause: string, type: 'PlanChanged' | 'ContainerRecreated' = 'PlanChanged'): HoldfastFailure =>
  new HoldfastFailure(type, { operation: 'check what was made ready', object: container, cause, hint: 'Nothing was changed. Start again and look at the new plan.' });

/**
 * The server stopped, cleanly where it runs: what it leaves is the way back. One that was stopped already, or crashes, is left as it is. Where its data is replaced for want of room it need not end
 * cleanly: on a full disk none does, and what it leaves is copied as it lies, as after a crash.
 * @throws CutOverFailed, ContainerRecreated
 */
export async function close(ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<void> {
  const container = await ctx.runtime.find(cutOver.containerId);
  if (container === null) throw new HoldfastFailure('ContainerRecreated', { operation: 'stop the database', object: cutOver.container, cause: 'the container that the plan names is gone', hint: 'Start again.' });
  if (container.restartPolicy.name !== 'no') throw failed(cutOver, `its restart policy is ${container.restartPolicy.name}: it would be started again in the middle of the exchange`, 'The run sets it aside first; something put it back.');
  if (isStopped(container)) return;
  await ctx.runtime.stop(container.id, ctx.timing.stopMs);
  const { exitCode } = await ctx.runtime.inspect(container.id);
  if (container.state === 'running' && cutOver.answered !== false && cutOver.replace === undefined && exitCode !== 0) throw failed(cutOver, `the database ended with exit code ${exitCode ?? 'unknown'} instead of stopping cleanly`, 'See its log; nothing was exchanged.');
}

/** Another run of ours, which makes its own copy ready or lets one wait for a yes: in its own directory, which no exchange moves. */
export function worksBeside({ labels }: ContainerFacts, { prepared, aside }: PostgresDirectoryCutOver): boolean {
  const identity = identityOf(labels);
  if (identity === null || (identity.kind !== 'scratch' && identity.kind !== 'helper')) return false;
  return ![prepared, aside].map(runDirectoryOf).includes(runDirectory(identity.owner, identity.component));
}

/** @param mayStay beside what is moved or dropped @throws CutOverFailed */
export async function requireNobodyThere(ctx: EngineContext, cutOver: PostgresDirectoryCutOver, mayStay: (container: ContainerFacts) => boolean): Promise<void> {
  const { containerId, directory, mount, volume } = cutOver;
  const planned = await ctx.runtime.find(containerId);
  const there = [...(planned === null ? [] : [planned]), ...await othersOn(ctx.runtime, { directory, ...mount, source: volume }, dataDirectoryIn)];
  const running = there.find((each) => isAtWork(each) && !mayStay(each));
  if (running !== undefined) throw failed(cutOver, `${running.name} is ${running.state} on its data (${volume}): someone started it`, 'Nothing was moved under it. Stop it; the run goes on, or rolls back.');
}

/**
 * What a worker that died left at work on the data: a helper goes on without it, and would move beside the one that moves next, or be taken for a server that somebody started.
 * @param kinds a server that recovers (`scratch`) is at work for its run, not for a step of it
 */
export async function endOwn(ctx: EngineContext, { component }: PostgresDirectoryCutOver, kinds: readonly RemovableKind[]): Promise<void> {
  for (const scratch of await findScratchOf(ctx.runtime, ctx.owner)) {
    if (scratch.type !== 'container' || scratch.identity.component !== component || !kinds.includes(scratch.kind)) continue;
    // An attempt that was given up on must not end its successor's.
    ctx.signal.throwIfAborted();
    await removeScratch(ctx.runtime, scratch);
  }
}

/** In, or out again. @throws CutOverFailed while a server runs there, AmbiguousState where what lies there fits no point of the way */
export async function exchange(ctx: EngineContext, cutOver: PostgresDirectoryCutOver, way: 'in' | 'out'): Promise<void> {
  await endOwn(ctx, cutOver, ['helper']);
  await requireNobodyThere(ctx, cutOver, (each) => worksBeside(each, cutOver));
  // What an undo makes, it makes only here: without the note, nothing of it would be looked for once it was taken back.
  if (way === 'in') await ctx.recordOnce(directoryNoteKey(cutOver.component), { directory: runDirectoryOf(cutOver.aside) });
  await run(ctx, cutOver, `exchange-${way}`, scripts.exchangeDirectory, [way, cutOver.directory, cutOver.prepared, cutOver.aside, cutOver.phase, leavesNoServer(cutOver) ? 'nothing' : 'server'], way === 'in' ? 'exchange the data' : 'move the data back');
}

/** What lies live now, against what was prepared: of data that is replaced where it lies, when it was there. */
export async function compareClosed(ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<readonly Difference[]> {
  const made = cutOver.replace?.brings.kind === 'backup' ? (await ctx.readNote(preparedNoteKey(cutOver.component)) as PreparedComponent | undefined)?.cutOver as PostgresDirectoryCutOver | undefined : cutOver;
  if (made === undefined) throw new HoldfastFailure('CouldNotVerify', { operation: 'compare before the opening', object: cutOver.container, cause: 'what was made in its place is not known', hint: 'The old data is put back; start the restore again.' });
  return differing(await sight(ctx, cutOver), made);
}

function differing({ hasServer, control, unreadable }: DirectorySighting, cutOver: PostgresDirectoryCutOver): readonly Difference[] {
  if (leavesNoServer(cutOver)) return hasServer ? [{ object: 'data directory', property: 'existence', expected: 'none', found: 'a server' }] : [];
  const expected = cutOver.control;
  // What could not be read has nothing to be known by, but that it still cannot.
  if (hasServer && control === null && expected === null) return [];
  if (control === null || expected === null) return [{ object: 'data directory', property: 'existence', expected: expected === null ? 'a server that cannot be read' : 'a server', found: control === null ? unreadable ?? 'none' : 'one that can' }];
  return compared.filter((name) => control[name] !== expected[name]).map((name) => ({ object: 'pg_control', property: name, expected: String(expected[name]), found: String(control[name]) }));
}

/** Where no server came in none is started: the image would make a new one. @throws ContainerNotRunning, ContainerNotFound, AmbiguousState where it is not what comes in that lies there */
export async function open(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDirectoryCutOver): Promise<void> {
  const container = leavesNoServer(cutOver) ? null : await containerNow(ctx, cutOver);
  const phase = (container === null ? null : await phaseSeenBy(ctx, container, cutOver)) ?? (await sight(ctx, cutOver)).phase;
  if (phase !== 'done') throw new HoldfastFailure('AmbiguousState', { operation: 'start the database', object: cutOver.container, cause: `the exchange of its data is at "${phase ?? 'the beginning'}"`, hint: `Look at ${cutOver.directory} on ${cutOver.volume}.` });
  if (container === null) return;
  await ctx.runtime.start(container.id);
  await waitUntilReady(ctx, component, toldToEndAtStart);
}

/**
 * How far the exchange went, as the very container finds it that is to be started: while it is stopped the engine reads that from its volumes, which is sooner done
 * than by a helper. Null where it cannot be read so.
 */
async function phaseSeenBy(ctx: EngineContext, container: ContainerFacts, { directory, phase }: PostgresDirectoryCutOver): Promise<string | null> {
  if (!isStopped(container)) return null;
  try {
    return (await text(await readFileFromContainer(ctx.runtime, container.id, `${directory}/${phase}`))).trim();
  } catch (error) {
    if (isFailure(error, 'PathNotFound') || isFailure(error, 'BrokenStream')) return null;
    throw error;
  }
}

/** Before the opening: whatever state it is in, back to the old data, and running where it ran. Idempotent. @returns as startAsItWas */
export async function rollBack(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDirectoryCutOver): Promise<readonly string[]> {
  // Before it is looked how far that came.
  await endOwn(ctx, cutOver, ['helper']);
  if ((await sight(ctx, cutOver)).phase !== null) {
    await stopForMovingBack(ctx, cutOver);
    await exchange(ctx, cutOver, 'out');
  }
  return startAsItWas(ctx, component, cutOver);
}

/** Somebody may have started it on what is half there: before the opening nobody's writes are promised to stay. Where there is none, the files need none. */
export async function stopForMovingBack(ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<void> {
  const container = await containerOnData(ctx, cutOver);
  if (container !== null && !isStopped(container)) await ctx.runtime.stop(container.id, ctx.timing.stopMs);
}

/**
 * The old data is in place: its server is started where it ran, and its answer waited for where it answered. One that runs and does not answer within the time (it may have to recover for long) keeps
 * no roll-back from its end, nor the next run from its beginning: that is told. @returns a sentence where it does not answer
 * @throws ContainerNotFound where there is none to start, the files right all the same; ContainerNotRunning where it does not stay up, though it answered before
 */
export async function startAsItWas(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDirectoryCutOver): Promise<readonly string[]> {
  if (!cutOver.wasRunning) return [];
  const { id, name } = await containerNow(ctx, cutOver);
  await ctx.runtime.start(id);
  if (cutOver.answered === false) return [`${name} is started again as it was: it did not answer before either`];
  try {
    await waitUntilReady(ctx, component, toldToEndAtStart);
    return [];
  } catch (error) {
    if (!isFailure(error, 'ContainerNotRunning') || (await ctx.runtime.inspect(id)).state !== 'running') throw error;
    return [`${name} runs on the data it had before, and does not answer yet (${error.fields.cause}): see its log`];
  }
}

/** Directories of runs below the data directory. `prepared` goes only where nothing was exchanged, `aside` where that is over. @throws AmbiguousState otherwise */
export function removeDirectories(ctx: EngineContext, cutOver: Pick<PostgresDirectoryCutOver, 'component' | 'directory' | 'mount' | 'volume' | 'imageId' | 'container'>, what: 'prepared' | 'aside', directories: readonly string[]): Promise<string> {
  return run(ctx, cutOver, `remove-${what}`, scripts.removeDirectories, [cutOver.directory, what, ...new Set(directories)], 'remove what is no longer needed');
}

async function run(ctx: EngineContext, { component, imageId, mount, volume, directory, container }: Parameters<typeof removeDirectories>[1], step: string, script: string, args: readonly string[], phase: string): Promise<string> {
  const result = await runPostgresHelper(ctx, { component: { name: component, user: 'postgres' }, step, imageId, network: 'none', majorVersion: 0, script, args, mounts: [{ ...mount, source: volume }], phase });
  if (result.exitCode === 0) return result.messages;
  throw movingFailure(result, step, { operation: phase, object: container, place: `${directory}/pgsql_tmp.holdfast on ${volume}` });
}

/** Of a helper that moves or removes below a data directory. Pure. */
export function movingFailure({ exitCode, messages }: Pick<HelperResult, 'exitCode' | 'messages'>, step: string, { operation, object, place }: { readonly operation: string; readonly object: string; readonly place: string }): HoldfastFailure {
  // Going in, whoever gives up goes back; going back there is nothing else to be done.
  if (step === movingBack && saysAway(messages)) return awayFailure(operation, object, lastLine(messages));
  return new HoldfastFailure(exitCode === fitsNowhere ? 'AmbiguousState' : 'CutOverFailed', { operation, object, cause: lastLine(messages), hint: `Look at ${place} before anything else.` });
}

/** The container of the plan, else the one that bears its name and has its data there, all of it; null where there is neither: files are put right without one, and started by whichever is on them. */
async function containerOnData(ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<ContainerFacts | null> {
  const planned = await ctx.runtime.find(cutOver.containerId);
  if (planned !== null) return planned;
  const named = await ctx.runtime.find(cutOver.container);
  return named !== null && isOn(named, cutOver) && mountBelow(named.mounts, cutOver.directory) === null ? named : null;
}

const isOn = ({ mounts }: ContainerFacts, { volume, mount }: PostgresDirectoryCutOver): boolean => mounts.some(({ source, destination }) => source === volume && destination === mount.target);

/** The one that is to be started on files that are as they must be. @throws ContainerNotFound */
async function containerNow(ctx: EngineContext, cutOver: PostgresDirectoryCutOver): Promise<ContainerFacts> {
  const container = await containerOnData(ctx, cutOver);
  if (container !== null) return container;
  const named = await ctx.runtime.find(cutOver.container);
  const why = named === null ? 'there is none of that name' : isOn(named, cutOver) ? `the one of that name has a mount of its own at ${mountBelow(named.mounts, cutOver.directory) ?? ''}` : 'the one of that name has its data elsewhere';
  throw new HoldfastFailure('ContainerNotFound', { operation: 'find the container', object: cutOver.container, cause: `${why}; the files on ${cutOver.volume} are as they must be`, hint: `Make ${cutOver.container} again with ${cutOver.volume} at ${cutOver.mount.target}; the repair goes on by itself.` });
}

const lastLine = (messages: string): string => messages.trim().split('\n').at(-1)?.slice(0, 300) || 'it said nothing';
const failed = ({ container }: PostgresDirectoryCutOver, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('CutOverFailed', { operation: 'exchange the data', object: container, cause, hint });
