/**
 * Keeps one component's append-only file flowing: a follower beside its database, its files in every repository, and looks that say which of them was the
 * live one when. Runs in the host's worker process and not in a workflow, as what keeps a write-ahead log does (docs/decisions/0007, 0016).
 */
import type { AofLook } from '../../domain/aof/aof-history.ts';
import type { AofStatus } from '../../domain/aof/aof-status.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { RedisComponent } from '../../domain/service.ts';
import { noRoom, type AofServerState, type AofSource, type FollowedAof } from '../../engines/aof-source.ts';
import type { ReceiverState, WalContext } from '../../engines/wal-source.ts';
import type { AofArchive } from '../../repository/aof-archive.ts';
import { openAofShipment, type AofShipment } from './ship-aof.ts';

export interface AofKeeping {
  readonly source: AofSource;
  readonly context: WalContext;
  readonly component: RedisComponent;
  readonly archives: readonly { readonly name: string; readonly archive: AofArchive }[];
  nowMs(): number;
}

export interface AofKeeper {
  /** Looks after everything once: called every few seconds, never twice at a time. Never throws but the signal's reason: what fails stands in the status. */
  round(): Promise<AofStatus>;
}

interface Destination {
  readonly name: string;
  readonly archive: AofArchive;
  shipment: AofShipment | null;
  failure: HoldfastFailure | null;
  coveredSecond: number | null;
  looksAtMs: number;
  /** The batch that grows, and what of it is stored. */
  looks: readonly AofLook[];
  stored: readonly AofLook[];
}

/** Redis keeps what it has to write for up to two seconds while the disk is busy, and a tenth until it looks again (`everysec`); the clock's own second is not over. */
const heldBackSeconds = 4;
/** A batch is stored again and again as it grows, until it spans this: a year has some thousands. */
const batchSeconds = 3_600;
/** Of a repository's long absence no more is kept. */
const keptLooks = 10_000;
/** Of a row: as many as a follower may be behind the newest. */
const keptAnswers = 60;

export function createAofKeeper({ source, context, component, archives, nowMs }: AofKeeping): AofKeeper {
  const destinations: readonly Destination[] = archives.map((each) => ({ ...each, shipment: null, failure: null, coveredSecond: null, looksAtMs: 0, looks: [], stored: [] }));

  /** The newest answers between which nothing can have been turned off. */
  let row: AofRow = [];

  async function round(): Promise<AofStatus> {
    const follower = await attempt(() => source.ensure(context, component));
    // Asked before what was followed is listed: what had been written by then is in there.
    const server = await attempt(() => source.look(context, component));
    const followed = await attempt(() => source.followed(context, component));
    row = isFailure(server) ? row : rowWith(row, server);
    if (!isFailure(followed)) {
      const look = isFailure(server) ? null : lookOf(row, server, followed);
      for (const destination of destinations) await deliver(destination, followed, look);
      await release(followed);
    }
    return statusOf(follower, server, followed);
  }

  async function deliver(destination: Destination, followed: FollowedAof, look: AofLook | null): Promise<void> {
    try {
      destination.shipment ??= await openAofShipment(destination.archive, { source, context, component });
      await destination.shipment.ship(followed);
      if (look !== null) destination.looks = withLook(destination.looks, look).slice(-keptLooks);
      if (destination.looks !== destination.stored && nowMs() - destination.looksAtMs >= context.timing.walPartialMs) await storeLooks(destination);
      destination.failure = null;
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isFailure(error)) throw error;
      destination.failure = error;
      // What is there is read anew when it goes again.
      destination.shipment = null;
    }
  }

  async function storeLooks(destination: Destination): Promise<void> {
    const { archive, looks, stored } = destination;
    await archive.storeLooks({ service: context.service, component: component.name }, looks, stored);
    const last = looks.at(-1);
    const isFull = (last?.second ?? 0) - (looks[0]?.second ?? 0) >= batchSeconds;
    const next = isFull ? [] : looks;
    Object.assign(destination, { looks: next, stored: next, looksAtMs: nowMs(), coveredSecond: looks.findLast(({ state }) => state === 'on')?.coveredSecond ?? destination.coveredSecond });
  }

  /** What every repository has need not lie in the volume of the database's host any longer. */
  async function release(followed: FollowedAof): Promise<void> {
    const shipments = destinations.map(({ shipment }) => shipment);
    if (shipments.length === 0) return;
    const everyone = (has: (shipment: AofShipment) => boolean): boolean => shipments.every((shipment) => shipment !== null && has(shipment));
    const bases = followed.bases.filter(({ id }) => everyone((shipment) => shipment.hasBase(id))).map(({ id }) => id);
    const blocks = followed.blocks.filter((block) => everyone((shipment) => shipment.hasBlock(block)));
    await attempt(() => source.release(context, component, { bases, blocks }));
  }

  function statusOf(follower: ReceiverState | HoldfastFailure, server: AofServerState | HoldfastFailure, followed: FollowedAof | HoldfastFailure): AofStatus {
    const failure = isFailure(follower) ? follower : isFailure(server) && follower !== 'waitingForDatabase' ? server : null;
    const problem = !isFailure(server) && server.problem !== null ? { type: 'UnsupportedTopology' as const, ...server.problem } : null;
    const at = (second: number | null): string | null => (second === null ? null : new Date((second + 1) * 1000).toISOString());
    return {
      format: 1, service: context.service, component: component.name, lookedAt: new Date(nowMs()).toISOString(),
      follower: isFailure(follower) ? 'failing' : follower, failure: failure !== null ? failureText(failure) : problem ?? troubleOf(server, followed),
      repositories: destinations.map((each) => ({ name: each.name, coveredAt: at(each.coveredSecond), failure: each.failure === null ? null : failureText(each.failure) })),
    };
  }

  /** What fails while the engine, a container or a server is away is tried again by the next round. */
  async function attempt<T>(step: () => Promise<T>): Promise<T | HoldfastFailure> {
    try {
      return await step();
    } catch (error) {
      context.signal.throwIfAborted();
      if (isFailure(error)) return error;
      throw error;
    }
  }

  return { round };
}

/** What keeps a follower from following. A server whose AOF is being begun has no files yet. */
function troubleOf(server: AofServerState | HoldfastFailure, followed: FollowedAof | HoldfastFailure): AofStatus['failure'] {
  if (isFailure(followed)) return null;
  if (followed.isFull === true) return { type: 'DiskFull', ...noRoom };
  if (followed.absent === undefined || isFailure(server) || server.state !== 'on') return null;
  return { type: 'PathNotFound', cause: `${followed.absent} of its AOF is not there`, hint: 'Run BGREWRITEAOF: Redis writes its AOF anew, and is followed from there. What it has written since the file was removed is gone with its next restart otherwise.' };
}

const failureText = ({ type, fields: { cause, hint } }: HoldfastFailure): NonNullable<AofStatus['failure']> => ({ type, cause, hint });

/** Answers one after the other, the oldest first; empty where the newest begins none. */
export type AofRow = readonly AofServerState[];

/** Goes on while no setting was changed; where that is not known, while it was on each time. */
export function rowWith(row: AofRow, server: AofServerState): AofRow {
  const [first, ...others] = row;
  const isSame = first !== undefined && first.settings === server.settings && (server.settings !== null || server.state === 'on');
  if (isSame && server.state !== 'off') return [first, ...others.slice(-keptAnswers), server];
  return server.state === 'on' ? [server] : [];
}

/**
 * The base that the follower's pass saw was live then, and the server's AOF on: where the pass lies within a row. One that is older, or younger than the newest
 * answer, is for another round to tell. What was written before the last answer ahead of the pass is in the file, but for what Redis held back then: behind that it may
 * have stood still, until the disk had taken what it had held back too long, and the pass was there first.
 */
export function lookOf(row: AofRow, { second, state, settings }: AofServerState, { pass }: FollowedAof): AofLook | null {
  if (state === 'off') return { second, state, base: null, coveredSecond: second - heldBackSeconds, increment: null, sizeBytes: 0, settings };
  const before = pass === null ? undefined : row.findLast((answer) => answer.second < pass.second);
  if (state === 'unsure' || before === undefined || pass === null || pass.second > second) return null;
  return { second: pass.second, state, base: pass.base, coveredSecond: before.second - heldBackSeconds, increment: pass.increment, sizeBytes: pass.sizeBytes, settings };
}

/**
 * Of a row of looks at one state the first and the last tell all. An increment that is written to, or follows on another, begins a new row: the last look before it is what still tells how far the truth goes
 * where those bytes are lost.
 */
export function withLook(looks: readonly AofLook[], look: AofLook): readonly AofLook[] {
  const isSame = (other: AofLook | undefined): boolean =>
    other?.state === look.state && other.base === look.base && other.settings === look.settings && other.increment === look.increment && (other.sizeBytes === 0) === (look.sizeBytes === 0);
  const last = looks.at(-1);
  // What was certain stays so.
  const certain = isSame(last) ? { ...look, coveredSecond: Math.max(last?.coveredSecond ?? 0, look.coveredSecond) } : look;
  return isSame(last) && isSame(looks.at(-2)) ? [...looks.slice(0, -1), certain] : [...looks, certain];
}
