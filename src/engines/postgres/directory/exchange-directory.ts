/** A server's data directory exchanged for a recovered one, and back: the server stopped, everything by rename, from wherever an earlier attempt ended. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { run16 } from '../../../containers/labels.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';
import type { EngineContext } from '../../engine.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { scripts } from '../server/script-text.ts';
import { waitUntilReady } from '../wait-until-ready.ts';
import { controlData, type ControlData } from './control-data.ts';
import { sightData, type DataPlace } from './data-place.ts';

/** Below the data directory, so that they lie on its file system. pg_basebackup leaves out what begins like this (databases.md T8). */
const holder = 'pgsql_tmp.holdfast';

/** What a directory is exchanged by; recorded before anything changes. */
export interface DirectoryExchange {
  readonly component: string;
  readonly container: string;
  readonly containerId: string;
  readonly place: DataPlace;
  /** Relative to the data directory: what comes in, where the old goes, and how far it went. */
  readonly prepared: string;
  readonly aside: string;
  readonly phase: string;
  /** What was prepared, as pg_controldata tells it. */
  readonly control: ControlData;
  /** What it replaces; null where there was no server, or none that could be read. */
  readonly replaces: ControlData | null;
}

/** The directory in which a run recovers a copy, relative to the data directory. */
export const recoveryDirectory = (owner: RunOwner, component: string): string => `${holder}/${run16(owner, component)}/new`;

/** From a recovered and stopped copy to something that can come in. @throws RestoreFailed where it was not shut down */
export async function finishRecovered(ctx: EngineContext, component: PostgresComponent, configuration: 'live' | 'backup'): Promise<DirectoryExchange> {
  const sighting = await sightData(ctx, component);
  const { directory, mount, imageId, container, control: replaces } = sighting;
  const recovered = recoveryDirectory(ctx.owner, component.name);
  const result = await runPostgresHelper(ctx, {
    component, step: 'finish', imageId, network: 'none', majorVersion: 0, script: scripts.finishDirectory, args: [`${directory}/${recovered}`, directory, configuration], mounts: [mount], phase: 'finish what was recovered',
  });
  if (result.exitCode !== 0) {
    const { step, messages } = failedStep(result);
    throw new HoldfastFailure('RestoreFailed', { operation: `finish what was recovered (${step})`, object: component.container, cause: step === 'running' ? 'its server was not shut down' : firstError(messages), hint: 'Nothing live was changed. Start the restore again.' });
  }
  const control = controlData(resultOf(result, 'control'));
  if (control === null) throw new HoldfastFailure('HelperFailed', { operation: 'finish what was recovered', object: component.container, cause: 'pg_controldata was not understood', hint: 'Please report this: it is a mistake in Holdfast.' });
  const run = recovered.slice(0, recovered.lastIndexOf('/'));
  return { component: component.name, container: component.container, containerId: container.id, place: { directory, mount, imageId }, prepared: `${recovered}/data`, aside: `${run}/old`, phase: `${run}/phase`, control, replaces };
}

/**
 * The server stopped, cleanly where it runs: what it leaves is the way back. One that was stopped already, or crashes, is left as it is.
 * @throws CutOverFailed, ContainerRecreated
 */
export async function closeServer(ctx: EngineContext, exchange: DirectoryExchange): Promise<void> {
  const container = await ctx.runtime.find(exchange.containerId);
  if (container === null) throw new HoldfastFailure('ContainerRecreated', { operation: 'stop the database', object: exchange.container, cause: 'the container that the plan names is gone', hint: 'Nothing was changed. Start again.' });
  if (container.restartPolicy.name !== 'no') throw failed(exchange, `its restart policy is ${container.restartPolicy.name}: it would be started again in the middle of the exchange`, 'The run sets it aside first; something put it back.');
  const wasRunning = container.state === 'running';
  if (wasRunning || container.state === 'restarting' || container.state === 'paused') await ctx.runtime.stop(container.id, ctx.timing.stopMs);
  const { state, exitCode } = await ctx.runtime.inspect(container.id);
  if (state === 'running' || state === 'restarting') throw failed(exchange, `the container is still ${state}`, 'See its log; nothing was exchanged.');
  if (wasRunning && exitCode !== 0) throw failed(exchange, `the database ended with exit code ${exitCode ?? 'unknown'} instead of stopping cleanly`, 'See its log; nothing was exchanged.');
}

/** In, or out again. @throws CutOverFailed while the server runs, AmbiguousState where what lies there fits no point of the way */
export async function exchangeDirectory(ctx: EngineContext, { container, containerId, component, place, prepared, aside, phase }: DirectoryExchange, way: 'in' | 'out'): Promise<void> {
  const running = (await ctx.runtime.list({})).find((each) => (each.state === 'running' || each.state === 'restarting' || each.state === 'paused') && (each.id === containerId || each.mounts.some(({ source, writable }) => writable && source === place.mount.source)));
  if (running !== undefined) throw failed({ container }, `${running.name} is ${running.state} on its volume: someone started it`, 'Nothing was moved under it. Stop it; the run goes on, or rolls back.');
  const result = await runPostgresHelper(ctx, {
    component: { name: component, user: 'postgres' }, step: `exchange-${way}`, imageId: place.imageId, network: 'none', majorVersion: 0, script: scripts.exchangeDirectory, args: [way, place.directory, prepared, aside, phase],
    mounts: [place.mount], phase: way === 'in' ? 'exchange the data' : 'move the data back',
  });
  if (result.exitCode === 0) return;
  throw new HoldfastFailure(result.exitCode === fitsNowhere ? 'AmbiguousState' : 'CutOverFailed', { operation: `exchange the data (${way})`, object: container, cause: lastLine(result.messages), hint: `Look at ${place.directory}/${holder} on ${place.mount.source} before anything else.` });
}

/** What lies live now, against what was prepared. Empty where it is the same. */
export async function differencesInPlace(ctx: EngineContext, component: PostgresComponent, { control }: Pick<DirectoryExchange, 'control'>): Promise<readonly string[]> {
  const { control: found, unreadable } = await sightData(ctx, component);
  if (found === null) return [`no server is there: ${unreadable ?? 'PG_VERSION is missing'}`];
  return (['systemIdentifier', 'timeline', 'checkpoint', 'state'] as const).filter((name) => String(found[name]) !== String(control[name])).map((name) => `${name} is ${found[name]} and not ${control[name]}`);
}

/** @throws ContainerNotRunning, ContainerNotFound */
export async function openServer(ctx: EngineContext, component: PostgresComponent, { containerId }: Pick<DirectoryExchange, 'containerId'>): Promise<void> {
  await ctx.runtime.start(containerId);
  await waitUntilReady(ctx, component);
}

/** fail 33 of exchange.sh */
const fitsNowhere = 33;
const lastLine = (messages: string): string => messages.trim().split('\n').at(-1)?.slice(0, 300) || 'it said nothing';
const failed = ({ container }: Pick<DirectoryExchange, 'container'>, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('CutOverFailed', { operation: 'exchange the data', object: container, cause, hint });
