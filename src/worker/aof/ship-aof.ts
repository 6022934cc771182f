/** Carrying what a follower has into one repository's archive: bases, blocks as they grow, ends, and which increments stand behind which base. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { RedisComponent } from '../../domain/service.ts';
import { aofBlockBytes, type AofSource, type FollowedAof, type FollowedBlock } from '../../engines/aof-source.ts';
import type { WalContext } from '../../engines/wal-source.ts';
import type { AofArchive, AofKey } from '../../repository/aof-archive.ts';
import { baseSecondIn, headBytes } from './base-second.ts';

export interface AofShipping {
  readonly source: AofSource;
  readonly context: WalContext;
  readonly component: RedisComponent;
}

/** One archive, and what is known to be in it since this process looked. */
export interface AofShipment {
  /** Stores what of it the archive lacks. @throws WalConflict, and what the archive and the source throw */
  ship(followed: FollowedAof): Promise<void>;
  hasBase(id: string): boolean;
  /** This block, at least as long as it is now. */
  hasBlock(block: FollowedBlock): boolean;
}

export async function openAofShipment(archive: AofArchive, { source, context, component }: AofShipping): Promise<AofShipment> {
  const key: AofKey = { service: context.service, component: component.name };
  const there = await archive.holdings(key);
  const bases = new Set(there.bases.map(({ id }) => id));
  const sizes = new Map([...there.blocks].flatMap(([increment, blocks]) => blocks.map(({ number, sizeBytes }) => [nameOf({ increment, number }), sizeBytes] as const)));
  const ends = new Map(there.ends);
  const chains = new Map((await archive.histories(key, there.bases)).map(({ id, increments }) => [id, increments.join(' ')]));

  async function shipBase(id: string): Promise<void> {
    const { second, sizeBytes, sha256 } = await readBase(id);
    await archive.storeBase(key, { id, createdSecond: second, sizeBytes, sha256 }, () => source.read(context, component, { base: id }), context.signal);
    bases.add(id);
  }

  /** Read once to be named, and again to be stored. */
  async function readBase(id: string): Promise<{ readonly second: number; readonly sizeBytes: number; readonly sha256: string }> {
    const hash = createHash('sha256');
    let head = Buffer.alloc(0);
    let sizeBytes = 0;
    for await (const chunk of await source.read(context, component, { base: id })) {
      const bytes = chunk as Buffer;
      if (head.byteLength < headBytes) head = Buffer.concat([head, bytes.subarray(0, headBytes - head.byteLength)]);
      hash.update(bytes);
      sizeBytes += bytes.byteLength;
    }
    const second = baseSecondIn(head);
    if (second !== null) return { second, sizeBytes, sha256: hash.digest('hex') };
    throw new HoldfastFailure('ArtifactDamaged', { operation: 'archive a base of the AOF', object: component.container, cause: 'the file does not say when it was written', hint: 'Run BGREWRITEAOF, with aof-use-rdb-preamble yes.' });
  }

  async function shipBlock(block: FollowedBlock): Promise<void> {
    const bytes = await buffer(await source.read(context, component, block));
    if (bytes.byteLength < block.sizeBytes || bytes.byteLength > aofBlockBytes) throw new HoldfastFailure('BrokenStream', { operation: 'archive a block of the AOF', object: nameOf(block), cause: `it has ${bytes.byteLength} bytes, listed were ${block.sizeBytes}`, hint: 'It is tried again.' });
    await archive.storeBlock(key, block.increment, block.number, bytes);
    sizes.set(nameOf(block), bytes.byteLength);
  }

  const hasBlock = (block: FollowedBlock): boolean => (sizes.get(nameOf(block)) ?? -1) >= block.sizeBytes;

  return {
    async ship(followed) {
      // In this order: what a record names is there before it.
      for (const block of followed.blocks) if (!hasBlock(block)) await shipBlock(block);
      for (const { id } of followed.bases) if (!bases.has(id)) await shipBase(id);
      for (const { increment, sizeBytes } of followed.ends) {
        if (ends.get(increment) === sizeBytes) continue;
        await archive.storeEnd(key, increment, sizeBytes);
        ends.set(increment, sizeBytes);
      }
      for (const { base, increments } of followed.chains) {
        if (chains.get(base) === increments.join(' ') || !bases.has(base)) continue;
        await archive.storeChain(key, base, increments, followed.pass?.second ?? 0);
        chains.set(base, increments.join(' '));
      }
    },
    hasBase: (id) => bases.has(id),
    hasBlock,
  };
}

const nameOf = ({ increment, number }: Pick<FollowedBlock, 'increment' | 'number'>): string => `${increment}/${number}`;
