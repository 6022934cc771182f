/** One receiver for the database's container as it is now: the steps of WalSource.ensure. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { pollUntil } from '../../../containers/wait-until.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EnsureOptions, ReceiverState, WalContext } from '../../wal-source.ts';
import { passwordOf } from '../server/connection.ts';
import { passwordFile, sections } from '../server/postgres-helper.ts';
import { receiverScript, sampleSql } from '../server/script-text.ts';
import { keep, readKept } from './kept-cluster.ts';
import { isStreaming, keepsLog, makeSlot, readLogServer, refuseServer, type LogServer } from './log-server.ts';
import { hasVolume, receiverOf, type Receiver } from './receiver.ts';
import { createFirst, isOf, reasonOf, removeEnded, settledContainer, watchingSession } from './standing-container.ts';

/** What of one call is known from its beginning on. */
interface Task {
  readonly component: PostgresComponent;
  readonly receiver: Receiver;
  readonly database: ContainerFacts;
  readonly acceptBreak: boolean;
}

/** From its start to its stream; after that it is left alone, and the next call looks at it again. */
const streamingWithinMs = 10_000;

export async function ensureReceiver(ctx: WalContext, component: PostgresComponent, options: EnsureOptions): Promise<ReceiverState> {
  const database = await ctx.runtime.find(component.container);
  if (database?.state !== 'running') return 'waitingForDatabase';
  const task: Task = { component, receiver: receiverOf(ctx, component), database, acceptBreak: options.acceptBreak ?? false };
  const standing = await settledContainer(ctx, task.receiver);
  if (standing?.state === 'running' && isOf(standing, database)) return 'running';
  try {
    if (standing !== null) await removeEnded(ctx, component, task.receiver, database, standing);
    return await startReceiver(ctx, task);
  } catch (error) {
    // It goes down, or comes up again, in this moment. What is missing of ours then is made by the next call.
    if (isFailure(error, 'DatabaseUnreachable') || isFailure(error, 'ContainerNotRunning') || isFailure(error, 'ContainerNotFound')) return 'waitingForDatabase';
    throw error;
  }
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
  return createFirst(ctx, receiver, database, {
    imageId: database.imageId, network: `container:${database.id}`, entrypoint: ['/bin/sh'], openStdin: true,
    command: ['-c', receiverScript, 'holdfast-receive', String(stdinBytes), receiver.slot, String(server.segmentSizeBytes)],
    environment: watchingSession(component, receiver, server),
  });
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
