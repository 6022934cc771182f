/**
 * Keeps one component's log flowing: a receiver beside its database, or its own archiving looked after; whole segments, and the one being written where it is
 * received, in every repository; and the figures of it.
 * Runs in the host's worker process and not in a workflow, so that no byte waits for the Temporal server (docs/decisions/0007).
 */
import { isFailure, type HoldfastFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import { exposureOf, remember, type WalSample } from '../../domain/wal/exposure.ts';
import { placeExposure, type LogStatus, type RecordedBreak, type StatusFailure } from '../../domain/wal/log-status.ts';
import { formatLsn } from '../../domain/wal/lsn.ts';
import type { ServerRoom } from '../../domain/wal/server-room.ts';
import { parseSegmentName, segmentName, type Segment } from '../../domain/wal/segment.ts';
import type { LetGo, ReceivedFile, ReceiverState, WalCluster, WalContext, WalReading, WalSource } from '../../engines/wal-source.ts';
import type { WalArchive, WalKey } from '../../repository/wal-archive.ts';
import { openShipment, type Shipment } from './ship-log.ts';

export interface LogKeeping {
  readonly source: WalSource;
  readonly context: WalContext;
  readonly component: PostgresComponent;
  readonly archives: readonly { readonly name: string; readonly archive: WalArchive }[];
  nowMs(): number;
  /** Up to which instant somebody waits for all of the log, ISO 8601 UTC; null where nobody ever did. None unless given. */
  wish?(): Promise<string | null>;
}

export interface LogKeeper {
  /** Looks after everything once: called every few seconds, never twice at a time. Never throws but the signal's reason: what fails stands in the status. */
  round(): Promise<LogStatus>;
}

interface Destination {
  readonly name: string;
  readonly archive: WalArchive;
  shipment: Shipment | null;
  /** Names of files that it has for certain. */
  stored: ReadonlySet<string>;
  failure: HoldfastFailure | null;
  partialAtMs: number;
  samplesAtMs: number;
  /** Readings that it does not have yet: of a long absence thinned, as {@link remember} does. */
  unstored: readonly WalSample[];
}

export function createLogKeeper({ source, context, component, archives, nowMs, wish = async () => null }: LogKeeping): LogKeeper {
  const destinations: readonly Destination[] = archives.map((each) => ({ ...each, shipment: null, stored: new Set<string>(), failure: null, partialAtMs: 0, samplesAtMs: 0, unstored: [] }));
  const partialMs = component.walPartialMs ?? context.timing.walPartialMs;
  let samples: readonly WalSample[] = [];
  let newest: WalReading | null = null;
  let cluster: WalCluster | null = null;
  let whoseAtMs = 0;
  let lastBreak: RecordedBreak | null = null;
  /** What the source was last asked to release: of these it has kept what is there still. */
  let released: ReadonlySet<string> = new Set();
  /** The newest wish that was fulfilled. */
  let brought: string | null = null;
  let room: { readonly freeBytes: number | null; readonly server: ServerRoom | null; readonly atMs: number } = { freeBytes: null, server: null, atMs: 0 };

  async function round(): Promise<LogStatus> {
    const wished = await newWish();
    const receiver = await received();
    if (cluster === null || receiver === 'started' || nowMs() - whoseAtMs >= context.timing.walPartialMs) await lookWhose();
    const { readings, files, breaks } = await caught(() => source.look(context, component, newest?.at ?? null), { readings: [], files: [], breaks: [] });
    read(readings);
    if (cluster !== null) await noteBreaks(keyOf(cluster), breaks);
    if (cluster !== null) for (const destination of destinations) await deliver(destination, keyOf(cluster), files, wished !== null);
    if (wished !== null && isBrought(wished, receiver)) brought = wished;
    await release(files);
    if (nowMs() - room.atMs >= context.timing.walRoomMs) await lookAtRoom();
    return status(receiver, files);
  }

  async function lookAtRoom(): Promise<void> {
    room = { freeBytes: await caught(() => source.freeBytes(context, component), null), server: await caught(() => source.serverRoom(context, component), null), atMs: nowMs() };
  }

  /** Nobody waits for an older one any more. */
  async function newWish(): Promise<string | null> {
    const wished = await wish();
    return wished !== null && wished !== brought && nowMs() - Date.parse(wished) < context.timing.walBringMs ? wished : null;
  }

  /** A database that is down writes nothing more: what was received of it is what there is. */
  function isBrought(wished: string, receiver: ReceiverState | HoldfastFailure): boolean {
    if (receiver !== 'running' && receiver !== 'started') return true;
    return destinations.every(({ shipment, failure }) => {
      const { coveredAt } = exposureOf(samples, newest === null ? null : shipment?.durable(newest.timeline) ?? null);
      return failure !== null || (coveredAt !== null && Date.parse(coveredAt) >= Date.parse(wished));
    });
  }

  /** Where somebody had an old cluster's receiver forgotten, the new one's log is another, and nothing that was known is of it. */
  async function lookWhose(): Promise<void> {
    whoseAtMs = nowMs();
    const found = await caught(() => source.cluster(context, component), cluster);
    if (cluster !== null && found !== null && found.systemIdentifier !== cluster.systemIdentifier) {
      samples = [];
      newest = null;
      lastBreak = null;
      released = new Set();
      for (const destination of destinations) Object.assign(destination, { shipment: null, stored: new Set(), partialAtMs: 0, unstored: [] });
    }
    cluster = found ?? cluster;
  }

  /** A receiver that runs; where its slot was lost, after the loss is on record wherever somebody answers. */
  async function received(): Promise<ReceiverState | HoldfastFailure> {
    try {
      return await source.ensure(context, component);
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (error.type !== 'WalSlotLost') return error;
      return afterLoss(error);
    }
  }

  async function afterLoss(loss: HoldfastFailure): Promise<ReceiverState | HoldfastFailure> {
    try {
      cluster ??= await source.cluster(context, component);
      const files = await source.files(context, component);
      if (cluster !== null) {
        const [key, missing] = [keyOf(cluster), nextAfter(files, cluster.segmentSizeBytes)];
        // What was received before the loss goes first: the break begins where that ends.
        for (const destination of destinations) {
          destination.partialAtMs = 0;
          await deliver(destination, key, files);
          if (missing !== null && destination.failure === null) await within(destination, () => recordBreak(key, missing, loss.fields.cause, { among: [destination] }));
        }
        // What one of them has is safe. One that is away keeps nothing from being received: the hole is noted there when what lies behind it comes (requireNext).
        const failed = destinations.find(({ failure }) => failure !== null)?.failure;
        if (failed != null && destinations.every(({ failure }) => failure !== null)) return failed;
        if (missing !== null && destinations.length === 0) await recordBreak(key, missing, loss.fields.cause);
      }
      return await source.ensure(context, component, { acceptBreak: true });
    } catch (error) {
      if (isFailure(error)) return error;
      throw error;
    }
  }

  /** What the server let go of is on record in each place before what follows it goes there, and in all before its note is gone. */
  async function noteBreaks(key: WalKey, breaks: readonly LetGo[]): Promise<void> {
    await caught(async () => {
      for (const { segment: name, at } of breaks) {
        const segment = parseSegmentName(name, key.segmentSizeBytes);
        if (segment !== null) await recordBreak(key, segment, 'the server could not archive it, and let go of it, for its own disk had too little room left', { at });
      }
      if (breaks.length > 0 && destinations.length > 0) await source.settle(context, component, breaks);
    }, undefined);
  }

  async function recordBreak(key: WalKey, missing: Segment, reason: string, { at = new Date(nowMs()).toISOString(), among = destinations }: { readonly at?: string; readonly among?: readonly Destination[] } = {}): Promise<void> {
    for (const { archive } of among) await archive.recordBreak(key, missing, reason, at);
    const segment = segmentName(missing, key.segmentSizeBytes);
    // What was noted first stays, here too.
    if (lastBreak?.segment !== segment) lastBreak = { segment, reason, at };
  }

  function read(readings: readonly WalReading[]): void {
    for (const reading of readings) {
      // What another timeline was at says nothing of this one.
      samples = newest !== null && newest.timeline !== reading.timeline ? [reading] : remember(samples, reading);
      for (const destination of destinations) destination.unstored = remember(destination.unstored, { at: reading.at, lsn: reading.lsn });
      newest = reading;
    }
  }

  async function deliver(destination: Destination, key: WalKey, files: readonly ReceivedFile[], atOnce = false): Promise<void> {
    await within(destination, async () => {
      destination.shipment ??= await openShipment(destination.archive, { source, context, component, key }, (missing) => recordBreak(key, missing, 'the log between was never received', { among: [destination] }));
      lastBreak ??= await newestBreak(destination.archive, key);
      destination.stored = await destination.shipment.ship(files);
      if (newest !== null && (atOnce || nowMs() - destination.partialAtMs >= partialMs)) {
        destination.partialAtMs = nowMs();
        await destination.shipment.shipPartial(files, newest);
      }
      await storeSamples(destination, key, atOnce);
    });
  }

  /** What goes wrong in one place stands in its status, and keeps nothing from another. */
  async function within(destination: Destination, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      destination.failure = null;
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isFailure(error)) throw error;
      destination.failure = error;
      // What is there is read anew when it goes again.
      destination.shipment = null;
      destination.stored = new Set();
    }
  }

  /** One in ten seconds is enough to tell a window by; and a batch is one small object. */
  async function storeSamples(destination: Destination, key: WalKey, atOnce: boolean): Promise<void> {
    if (destination.unstored.length === 0 || (!atOnce && nowMs() - destination.samplesAtMs < context.timing.walSamplesMs)) return;
    await destination.archive.storeSamples(key, thinned(destination.unstored));
    destination.samplesAtMs = nowMs();
    destination.unstored = [];
  }

  /** What every repository has need not lie in the volume of the database's host any longer. What the source keeps all the same is asked for again only with something new. */
  async function release(files: readonly ReceivedFile[]): Promise<void> {
    if (destinations.length === 0) return;
    const names = files.map(({ name }) => name).filter((name) => destinations.every(({ stored }) => stored.has(name)));
    if (names.every((name) => released.has(name))) return;
    if (await caught(async () => (await source.release(context, component, names), true), false)) released = new Set(names);
  }

  function status(receiver: ReceiverState | HoldfastFailure, files: readonly ReceivedFile[]): LogStatus {
    const lookedAt = new Date(nowMs()).toISOString();
    // A database that is down writes nothing. One that runs goes on writing, also where nobody reads its position any more: a disk that hangs holds up both.
    const now = receiver === 'waitingForDatabase' ? null : lookedAt;
    return {
      format: 1, service: context.service, component: component.name, ...(component.wal === 'archive' ? { by: component.wal } : { partialMs }), lookedAt, systemIdentifier: cluster?.systemIdentifier ?? null, segmentSizeBytes: cluster?.segmentSizeBytes ?? null,
      receiver: typeof receiver === 'string' ? receiver : 'failing', failure: typeof receiver === 'string' ? null : failureText(receiver),
      source: newest === null ? null : { at: newest.at, position: formatLsn(newest.lsn), timeline: newest.timeline },
      onHost: placeExposure(samples, newest?.received ?? null, now),
      repositories: destinations.map(({ name, shipment, failure }) => ({ name, ...placeExposure(samples, newest === null ? null : shipment?.durable(newest.timeline) ?? null, now), failure: failure === null ? null : failureText(failure) })),
      slot: { state: newest?.slotState ?? null, roomBytes: newest?.slotRoomBytes == null ? null : String(newest.slotRoomBytes) },
      spoolBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      spoolFreeBytes: room.freeBytes, serverRoom: room.server,
      break: lastBreak,
      ...(brought === null ? {} : { brought }),
    };
  }

  const keyOf = ({ systemIdentifier, segmentSizeBytes }: WalCluster): WalKey => ({ service: context.service, component: component.name, systemIdentifier, segmentSizeBytes });

  /** Looking fails while the engine or a container is away: then there is nothing to look at this time. */
  async function caught<T>(look: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await look();
    } catch (error) {
      context.signal.throwIfAborted();
      if (isFailure(error)) return otherwise;
      throw error;
    }
  }

  return { round };
}

const failureText = ({ type, fields: { cause, hint } }: HoldfastFailure): StatusFailure => ({ type, cause, hint });

/** The segment behind the last that is whole. */
function nextAfter(files: readonly ReceivedFile[], segmentSizeBytes: number): Segment | null {
  const partial = files.map(({ name }) => parseSegmentName(name.replace(/\.partial$/, ''), segmentSizeBytes)).filter((segment) => segment !== null).at(-1);
  const whole = files.map(({ name }) => parseSegmentName(name, segmentSizeBytes)).filter((segment) => segment !== null).at(-1);
  if (whole === undefined) return partial ?? null;
  return { timeline: whole.timeline, number: whole.number + 1n };
}

async function newestBreak(archive: WalArchive, key: WalKey): Promise<RecordedBreak | null> {
  const found = (await archive.listBreaks(key)).toSorted((a, b) => (a.at < b.at ? -1 : 1)).at(-1);
  return found === undefined ? null : { segment: segmentName(found.segment, key.segmentSizeBytes), reason: found.reason, at: found.at };
}

/** The first of every ten seconds, and the last of all. */
function thinned(samples: readonly WalSample[]): readonly WalSample[] {
  const tens = (sample: WalSample): string => sample.at.slice(0, 18);
  return samples.filter((sample, index) => index === samples.length - 1 || tens(sample) !== tens(samples[index - 1] ?? { at: '', lsn: 0n }));
}
