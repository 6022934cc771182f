/** One receiver for the database's container as it is now: the steps of WalSource.ensure. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { pollUntil } from '../../../containers/wait-until.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EnsureOptions, ReceiverState, WalContext } from '../../wal-source.ts';
import { libpqEnvironment, optionsOf, passwordOf } from '../server/connection.ts';
import { passwordFile, sections } from '../server/postgres-helper.ts';
import { receiverScript, sampleSql } from '../server/script-text.ts';
import { keep, readKept, readSmallFile } from './kept-cluster.ts';
import { isStreaming, keepsLog, makeSlot, readLogServer, refuseServer, type LogServer } from './log-server.ts';
import { carries, createOnVolume, databaseLabels, findReceiver, hasVolume, receiverOf, type Receiver } from './receiver.ts';
import { endOfReceiver } from './receiver-end.ts';

/** What of one call is known from its beginning on. */
interface Task {
  readonly component: PostgresComponent;
  readonly receiver: Receiver;
  readonly database: ContainerFacts;
  readonly acceptBreak: boolean;
}

/** Another call that created the container starts it within this, or has died before it could. */
const startedWithinMs = 10_000;
/** From its start to its stream; after that it is left alone, and the next call looks at it again. */
const streamingWithinMs = 10_000;
/** Reading one file takes less, by any clock of the same host. */
const abandonedAfterMs = 24 * 3_600_000;

export async function ensureReceiver(ctx: WalContext, component: PostgresComponent, options: EnsureOptions): Promise<ReceiverState> {
  const database = await ctx.runtime.find(component.container);
  if (database?.state !== 'running') return 'waitingForDatabase';
  const task: Task = { component, receiver: receiverOf(ctx, component), database, acceptBreak: options.acceptBreak ?? false };
  const standing = await settledReceiver(ctx, task.receiver);
  if (standing?.state === 'running' && isOf(standing, database)) return 'running';
  try {
    if (standing !== null) await removeEnded(ctx, task, standing);
    return await startReceiver(ctx, task);
  } catch (error) {
    // It goes down, or comes up again, in this moment. What is missing of ours then is made by the next call.
    if (isFailure(error, 'DatabaseUnreachable') || isFailure(error, 'ContainerNotRunning') || isFailure(error, 'ContainerNotFound')) return 'waitingForDatabase';
    throw error;
  }
}

const isOf = (standing: ContainerFacts, database: ContainerFacts): boolean => carries(standing, databaseLabels(database));

/** The receiver's container, which may just be being made by another call: that one is waited for. */
async function settledReceiver(ctx: WalContext, receiver: Receiver): Promise<ContainerFacts | null> {
  const limits = { withinMs: startedWithinMs, everyMs: ctx.timing.pollMs, signal: ctx.signal };
  const settled = await pollUntil(async () => {
    const found = await findReceiver(ctx.runtime, receiver);
    return found?.state === 'created' ? null : { found };
  }, limits);
  return settled === null ? findReceiver(ctx.runtime, receiver) : settled.found;
}

/** Removes one that has ended, or that was of a former container or start. Why it ended is raised, once: the next call starts anew. */
async function removeEnded(ctx: WalContext, { component, receiver, database }: Task, standing: ContainerFacts): Promise<void> {
  const failure = standing.state === 'exited' && isOf(standing, database) ? await reasonOf(ctx, component, standing) : null;
  await ctx.runtime.remove(standing.id);
  for (const left of await ctx.runtime.list(receiver.labels)) if (left.name !== receiver.name && isAbandoned(left)) await ctx.runtime.remove(left.id);
  if (failure !== null) throw failure;
}

/** Somebody read files through it, and died: it has ended, or was never to run and is older than any reading. */
const isAbandoned = (keeper: ContainerFacts): boolean => keeper.state === 'exited' || Date.parse(keeper.createdAt) < Date.now() - abandonedAfterMs;

async function reasonOf(ctx: WalContext, component: PostgresComponent, ended: ContainerFacts): Promise<HoldfastFailure | null> {
  const words = await readSmallFile(ctx.runtime, ended.id, 'last-words');
  return endOfReceiver(ended.exitCode, words ?? '', component.container);
}

/** @throws all that {@link ensureReceiver} may */
async function startReceiver(ctx: WalContext, task: Task): Promise<ReceiverState> {
  const { component, receiver, database } = task;
  const server = await readLogServer(ctx, component, database.id, receiver);
  refuseServer(component, server, receiver.slot);
  if (!server.listening) return 'waitingForDatabase';
  const stdin = sections({ ...passwordFile(await passwordOf(ctx, component)), 'sample.sql': sampleSql });
  const id = await createReceiver(ctx, task, server, Buffer.byteLength(stdin));
  if (id === null) return 'running';
  try {
    await prepareSlot(ctx, task, server, id);
    ctx.signal.throwIfAborted();
    await ctx.runtime.start(id, stdin);
    await untilStreaming(ctx, task, id);
    return 'started';
  } catch (error) {
    // What cannot be removed now is found ended, or of another start, by the next call.
    await ctx.runtime.remove(id).catch(() => undefined);
    throw error;
  }
}

/** The container, not yet started; null where another call was quicker and has started its own. */
async function createReceiver(ctx: WalContext, { component, receiver, database }: Task, server: LogServer, stdinBytes: number): Promise<string | null> {
  if (!(await hasVolume(ctx.runtime, receiver))) await ctx.runtime.createVolume(receiver.name, receiver.labels);
  // Not in the database itself: it can be fenced, renamed and dropped. Nor in template1, which then could not be copied.
  const seat = server.administrative && component.database !== 'postgres' ? 'postgres' : component.database;
  const settings = [...optionsOf(server.majorVersion), 'synchronous_commit=off'];
  try {
    const { id } = await createOnVolume(ctx.runtime, receiver.name, {
      name: receiver.name, imageId: database.imageId, network: `container:${database.id}`, labels: { ...receiver.labels, ...databaseLabels(database) },
      entrypoint: ['/bin/sh'], command: ['-c', receiverScript, 'holdfast-receive', receiver.slot, String(server.segmentSizeBytes), String(stdinBytes)],
      environment: { ...libpqEnvironment({ applicationName: receiver.name }, component, seat, settings), PGHOST: '127.0.0.1', PGPORT: String(server.port) }, openStdin: true,
    });
    return id;
  } catch (error) {
    // Taken, or just being taken, which the engine cannot say more of.
    if (!isFailure(error, 'NameTaken') && !isFailure(error, 'DockerUnreachable')) throw error;
    const quicker = await pollUntil(async () => {
      const found = await findReceiver(ctx.runtime, receiver);
      return found?.state === 'running' && isOf(found, database) ? true : null;
    }, { withinMs: startedWithinMs, everyMs: ctx.timing.pollMs, signal: ctx.signal });
    if (quicker !== null) return null;
    if (!isFailure(error, 'NameTaken')) throw error;
    throw new HoldfastFailure('HelperLost', { operation: 'start the receiver', object: receiver.name, cause: 'another call has just created it, and it does not run', hint: 'It is tried again.' }, { cause: error });
  }
}

/**
 * A slot that keeps the log from where the volume ends, noted in the volume. One that was there before and is not now has left a gap: that is raised, and only
 * an accepted break makes a new one. Cut anywhere, the next call goes on: `making` is noted before the slot is made, `made` after it.
 * @throws WalConflict, WalSlotLost
 */
async function prepareSlot(ctx: WalContext, { component, receiver, database, acceptBreak }: Task, server: LogServer, id: string): Promise<void> {
  const kept = await readKept(ctx.runtime, id);
  if (kept !== null && kept.systemIdentifier !== server.systemIdentifier) throw otherCluster(component, receiver, kept.systemIdentifier, server.systemIdentifier);
  const isNew = kept === null && server.slot === null;
  const continues = kept !== null && (kept.slot === 'making' || keepsLog(server.slot));
  if (!acceptBreak && !isNew && !continues) throw lost(component, receiver, server, kept === null);
  if (!acceptBreak && kept?.slot === 'made') return;
  if (acceptBreak || isNew) await keep(ctx.runtime, id, { ...server, slot: 'making' }, !isNew);
  await makeSlot(ctx, component, database.id, receiver);
  await keep(ctx.runtime, id, { ...server, slot: 'made' }, false);
}

/** Returns when somebody streams through the slot, or it is too early to say. @throws the reason where the receiver has ended */
async function untilStreaming(ctx: WalContext, { component, receiver, database }: Task, id: string): Promise<void> {
  await pollUntil(async () => {
    const now = await ctx.runtime.find(id);
    if (now?.state === 'running') return (await isStreaming(ctx, component, database.id, receiver)) ? true : null;
    const reason = now === null ? null : await reasonOf(ctx, component, now);
    throw reason ?? new HoldfastFailure('DatabaseUnreachable', { operation: 'receive the log', object: component.container, cause: 'the receiver ended with its connection', hint: 'It is started again.' });
  }, { withinMs: streamingWithinMs, everyMs: ctx.timing.pollMs, signal: ctx.signal });
}

const otherCluster = (component: PostgresComponent, receiver: Receiver, kept: string, now: string): HoldfastFailure => new HoldfastFailure('WalConflict', {
  operation: 'receive the log', object: component.container, cause: `volume ${receiver.name} holds the log of cluster ${kept}, and the server is ${now}`,
  hint: 'If the server was replaced: keep what lies in the volume, then forget the receiver (holdfast wal forget) and begin anew.',
});

function lost(component: PostgresComponent, receiver: Receiver, server: LogServer, withoutVolume: boolean): HoldfastFailure {
  const cause = withoutVolume ? `the volume ${receiver.name} is gone, and what it held with it, though the slot was in use`
    : server.slot === null ? `the slot ${receiver.slot} was dropped` : `the slot ${receiver.slot} did not keep the log long enough (max_slot_wal_keep_size, or it was idle too long)`;
  return new HoldfastFailure('WalSlotLost', {
    operation: 'receive the log', object: component.container, cause, hint: 'What was written since may be lost to the archive: record the break, go on behind it, and take a new base backup.',
  });
}
