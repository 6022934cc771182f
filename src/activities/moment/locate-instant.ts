/** From an instant to what brings a store to it out of the archive of its append-only file: a base, the increments behind it, and where they end; or why not. */
import { offSince, periodsOf, type AofLook, type AofPeriod } from '../../domain/aof/aof-history.ts';
import { judgeInstant, type ReadIncrement } from '../../domain/aof/judge-instant.ts';
import { IncrementScan } from '../../domain/aof/scan-increment.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ArchivedAof } from '../../engines/aof-engine.ts';
import type { AofArchive, AofHoldings, AofKey, StoredAofBlock } from '../../repository/aof-archive.ts';

export interface InstantRequest {
  /** ISO 8601: nothing that was written from it on belongs to what is wanted. */
  readonly at: string;
  readonly signal: AbortSignal;
  onBytes(doneBytes: number): void;
}

export type LocatedInstant =
  | { readonly aof: ArchivedAof }
  /** Why there is none, without a full stop. */
  | { readonly unfit: string };

/** Nothing of an older base is the truth once another one was live; but the second of a rewrite may only be told by the one before. */
const periodsTried = 2;

/** The latest second that ended by the instant, or one before it of which everything is known. @throws RepositoryUnreachable; what is damaged makes it unfit */
export async function locateInstant(archive: AofArchive, key: AofKey, request: InstantRequest): Promise<LocatedInstant> {
  const directory = await archive.hostDirectory(key);
  if (directory === null) return { unfit: 'the repository holds no append-only file of it that lies on the Docker host' };
  try {
    // First: what a look tells of was stored before it, so that what is listed behind it has that.
    const looks = await archive.looks(key);
    const holdings = await archive.holdings(key);
    const periods = periodsOf(await archive.histories(key, holdings.bases), looks);
    return await inPeriods({ archive, key, directory, holdings, request }, periods, looks);
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof HoldfastFailure && ['ArtifactDamaged', 'RepositoryDamaged', 'ObjectNotFound', 'WalConflict'].includes(error.type)) return { unfit: `${error.fields.object}: ${error.fields.cause}` };
    throw error;
  }
}

interface Search {
  readonly archive: AofArchive;
  readonly key: AofKey;
  readonly directory: string;
  readonly holdings: AofHoldings;
  readonly request: InstantRequest;
}

async function inPeriods(search: Search, periods: readonly AofPeriod[], looks: readonly AofLook[]): Promise<LocatedInstant> {
  let second = Math.floor(Date.parse(search.request.at) / 1000) - 1;
  const reasons: string[] = [];
  for (const period of periods.filter(({ beginSecond }) => beginSecond <= second).slice(-periodsTried).reverse()) {
    const found = await inPeriod(search, period, Math.min(second, offSince(period, looks, second) ?? second));
    if ('aof' in found) return found;
    reasons.push(found.unfit);
    // What came behind was not of this base any more.
    second = Math.min(second, period.beginSecond - 1);
  }
  return { unfit: reasons[0] ?? 'the archive of its append-only file begins later' };
}

async function inPeriod(search: Search, period: AofPeriod, wanted: number): Promise<LocatedInstant> {
  const base = search.holdings.bases.find(({ id }) => id === period.base.id);
  if (base === undefined) return { unfit: `base ${period.base.id} is not in the archive` };
  for (let second = wanted; ;) {
    const read = await readIncrements(search, period, second);
    const judgement = judgeInstant(period, read, second);
    if (judgement.kind === 'none') return { unfit: judgement.reason };
    if (judgement.kind === 'exact') {
      const increments = judgement.increments.map(({ id, sizeBytes }) => ({ sizeBytes, isCut: read.find((each) => each.id === id)?.cutBytes != null, blocks: search.holdings.blocks.get(id) ?? [] }));
      return { aof: { second, directory: search.directory, base, increments } };
    }
    // Each time earlier than before.
    second = judgement.second;
  }
}

/** In their order, up to the first that holds something later, or that is not whole. */
async function readIncrements(search: Search, { base }: AofPeriod, second: number): Promise<readonly ReadIncrement[]> {
  const read: ReadIncrement[] = [];
  for (const id of base.increments) {
    const scanned = await readIncrement(search, id, second);
    read.push(scanned);
    if (scanned.cutBytes !== null || !scanned.isWhole) break;
  }
  return read;
}

async function readIncrement({ archive, key, holdings, request }: Search, id: string, second: number): Promise<ReadIncrement> {
  const scan = new IncrementScan(second);
  let sizeBytes = 0;
  for (const block of withoutGap(id, holdings.blocks.get(id) ?? [])) {
    request.signal.throwIfAborted();
    for await (const bytes of await archive.open(key, block)) {
      if (!scan.take(bytes as Uint8Array)) throw new HoldfastFailure('ArtifactDamaged', { operation: 'read the archived AOF', object: block.path, cause: 'it is no append-only file', hint: 'Use another moment, or a backup.' });
    }
    sizeBytes += block.sizeBytes;
    request.onBytes(sizeBytes);
    if (scan.found.cutBytes !== null) break;
  }
  return { ...scan.found, id, sizeBytes, isWhole: holdings.ends.get(id) === sizeBytes };
}

/** @throws ArtifactDamaged where one is missing between others */
function withoutGap(id: string, blocks: readonly StoredAofBlock[]): readonly StoredAofBlock[] {
  const gap = blocks.findIndex(({ number, sizeBytes }, index) => number !== index || (index < blocks.length - 1 && sizeBytes !== blocks[0]?.sizeBytes));
  if (gap < 0) return blocks;
  throw new HoldfastFailure('ArtifactDamaged', { operation: 'read the archived AOF', object: `increments/${id}`, cause: `block ${gap} is missing, or is not whole`, hint: 'Use another moment, or a backup.' });
}
