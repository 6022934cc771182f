/** Carrying what a receiver has into one repository's archive: whole segments in their order, histories, and the segment that is being written. */
import { text } from 'node:stream/consumers';
import { isFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import { beginOf, parseHistoryName, parseSegmentName, segmentName, segmentOf, type Segment } from '../../domain/wal/segment.ts';
import type { ReceivedFile, WalContext, WalReading, WalSource } from '../../engines/wal-source.ts';
import type { SegmentSource, WalArchive, WalKey } from '../../repository/wal-archive.ts';

export interface Shipping {
  readonly source: WalSource;
  readonly context: WalContext;
  readonly component: PostgresComponent;
  readonly key: WalKey;
}

/** One archive, and what is known to be in it since this process looked. */
export interface Shipment {
  /** Stores what of these files the archive lacks; answers the names that it has for certain. @throws WalConflict, and what the archive and the source throw */
  ship(files: readonly ReceivedFile[]): Promise<ReadonlySet<string>>;
  /** Stores the segment that is being written, up to the position that the reading says is synced; nothing where that is no further than before. */
  shipPartial(files: readonly ReceivedFile[], reading: WalReading): Promise<void>;
  /**
   * A timeline's log is there up to here, without a gap since the newest break; null while nothing of it is. A younger one may have begun before an older one ended,
   * and a server may have been brought back to an older one: how far another got says nothing.
   */
  durable(timeline: number): bigint | null;
}

/** @param isBroken said of the first segment that will never come: between what the archive has and what is there now */
export async function openShipment(archive: WalArchive, shipping: Shipping, isBroken: (missing: Segment) => Promise<void>): Promise<Shipment> {
  const { key } = shipping;
  const { segmentSizeBytes } = key;
  const shipped = new Set<string>();
  /** Of each timeline: the number of its newest whole segment, and how far its log is there. */
  const numbers = new Map<number, bigint>();
  const ends = new Map<number, bigint>();

  const reach = (timeline: number, end: bigint): void => void ends.set(timeline, larger(ends.get(timeline), end));
  function reachWhole({ timeline, number }: Segment): void {
    numbers.set(timeline, larger(numbers.get(timeline), number));
    reach(timeline, beginOf(number + 1n, segmentSizeBytes));
  }

  const { complete, partial } = await archive.holdings(key);
  for (const segment of complete) reachWhole(segment);
  for (const { timeline, end } of partial) reach(timeline, end);

  const sourceOf = ({ name, sizeBytes }: ReceivedFile): SegmentSource =>
    ({ sizeBytes, open: () => shipping.source.read(shipping.context, shipping.component, name) });

  /** A receiver writes one segment after the other: what begins further on, on the same timeline, leaves a hole. */
  async function requireNext(segment: Segment): Promise<void> {
    const newest = numbers.get(segment.timeline);
    if (newest !== undefined && segment.number > newest + 1n) await isBroken({ timeline: segment.timeline, number: newest + 1n });
  }

  async function shipOne(file: ReceivedFile): Promise<void> {
    const timeline = parseHistoryName(file.name);
    if (timeline !== null) return archive.storeHistory(key, timeline, await text(await shipping.source.read(shipping.context, shipping.component, file.name)));
    const segment = parseSegmentName(file.name, segmentSizeBytes);
    if (segment === null) return;
    await requireNext(segment);
    await archive.storeSegment(key, segment, sourceOf(file), shipping.context.signal);
    reachWhole(segment);
  }

  return {
    ship: async (files) => {
      const whole = files.filter(({ name }) => !name.endsWith('.partial'));
      for (const file of whole.filter(({ name }) => !shipped.has(name))) {
        shipping.context.signal.throwIfAborted();
        await shipOne(file);
        shipped.add(file.name);
      }
      // What the volume no longer has need not be remembered.
      for (const name of shipped) if (!whole.some((file) => file.name === name)) shipped.delete(name);
      return new Set(shipped);
    },
    shipPartial: async (files, { received, timeline }) => {
      if (received === null || received <= (ends.get(timeline) ?? 0n)) return;
      const segment = { timeline, number: segmentOf(received, segmentSizeBytes) };
      const file = files.find(({ name }) => name === `${segmentName(segment, segmentSizeBytes)}.partial`);
      // On a boundary there is nothing in it yet; and a whole one is on its way as such.
      if (file === undefined || received - beginOf(segment.number, segmentSizeBytes) < smallestPartialBytes) return;
      await requireNext(segment);
      try {
        if ((await archive.storePartial(key, { ...segment, end: received }, sourceOf(file), shipping.context.signal)) === null) return;
      } catch (error) {
        // Filled since it was listed: it has its last name now, and comes as a whole one.
        if (isFailure(error, 'PathNotFound')) return;
        throw error;
      }
      reach(timeline, received);
    },
    durable: (timeline) => ends.get(timeline) ?? null,
  };
}

const larger = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);

/** A segment's first page has a head of 40 bytes; with less there is no log in it. */
const smallestPartialBytes = 40n;
