/** What goes with the segments of a log: timelines' histories, readings of the source's clock, and notes of what is missing for ever. */
import { createHash } from 'node:crypto';
import { isFailure } from '../../domain/failures.ts';
import type { WalSample } from '../../domain/wal/exposure.ts';
import { formatLsn, parseLsn } from '../../domain/wal/lsn.ts';
import { historyName, parseSegmentName, segmentName, type Segment } from '../../domain/wal/segment.ts';
import { timelinePath } from '../../domain/wal/timeline.ts';
import type { BackupStorage } from '../../storage/storage.ts';
import { createOrMatch, notWhatItClaims, readDocument, sha256Of } from '../documents.ts';
import type { WalArchive, WalKey } from '../wal-archive.ts';
import type { ClusterRecord } from './cluster-record.ts';
import { breakPath, directoryOf, historyPath, parseWalObject } from './object-names.ts';
import { walFailure } from './wal-failure.ts';

/** A line an ancestor, of a hundred bytes; a longer text is no history. */
const historyLimitBytes = 1024 * 1024;
const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;

type Break = Awaited<ReturnType<WalArchive['listBreaks']>>[number];

/** Timelines' histories: as segments, with their SHA-256 in their names, but as they are. A stock server reads them. */
export function historiesIn(storage: BackupStorage, cluster: ClusterRecord): Pick<WalArchive, 'storeHistory' | 'histories'> {
  async function named(key: WalKey): Promise<readonly { readonly timeline: number; readonly sha256: string }[]> {
    const names = await storage.listNames(directoryOf(key));
    return names.map((name) => parseWalObject(name, key.segmentSizeBytes)).filter((found) => found?.kind === 'history');
  }

  async function requireAlone(key: WalKey, timeline: number, sha256: string): Promise<void> {
    if ((await named(key)).some((found) => found.timeline === timeline && found.sha256 !== sha256)) throw twoHistories('archive a history', timeline);
  }

  return {
    async storeHistory(key, timeline, text) {
      const bytes = Buffer.from(text, 'utf8');
      if (!isHistory(timeline, text) || bytes.byteLength > historyLimitBytes) throw walFailure('InvalidInput', 'archive a history', String(timeline), 'the text is no history of that timeline');
      const sha256 = sha256OfBytes(bytes);
      await requireAlone(key, timeline, sha256);
      await cluster.require(key);
      await storage.createExclusive(`${directoryOf(key)}/${historyPath(timeline, sha256)}`, bytes).catch((error: unknown) => {
        // By its name it is the same; and it is durable, whoever wrote it.
        if (!isFailure(error, 'AlreadyExists')) throw error;
      });
      await requireAlone(key, timeline, sha256);
    },

    async histories(key) {
      await cluster.known(key);
      const texts = new Map<number, string>();
      for (const { timeline, sha256 } of await named(key)) {
        if (texts.has(timeline)) throw twoHistories('read a history', timeline);
        const path = `${directoryOf(key)}/${historyPath(timeline, sha256)}`;
        const bytes = await storage.readSmall(path, historyLimitBytes);
        const text = Buffer.from(bytes).toString('utf8');
        if (sha256OfBytes(bytes) !== sha256) throw walFailure('RepositoryDamaged', 'read a history', path, 'its bytes differ from the SHA-256 in its name');
        if (!isHistory(timeline, text)) throw walFailure('RepositoryDamaged', 'read a history', path, 'it is no history of that timeline');
        texts.set(timeline, text);
      }
      return texts;
    },
  };
}

/** The first timeline has none; every other one has at least one ancestor. */
const isHistory = (timeline: number, text: string): boolean =>
  Number.isInteger(timeline) && timeline >= 2 && timeline <= 0xffff_ffff && (timelinePath(timeline, text)?.length ?? 0) >= 2;

const sha256OfBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const twoHistories = (operation: string, timeline: number): Error =>
  walFailure('WalConflict', operation, historyName(timeline), 'the archive holds another text of it: two servers were promoted to one timeline');

/** Readings, a document a batch. Its name tells the instants it spans and its content: a batch that is stored again, or grew by a retry, is never in the way. */
export function samplesIn(storage: BackupStorage, cluster: ClusterRecord): Pick<WalArchive, 'storeSamples' | 'readSamples'> {
  return {
    async storeSamples(key, samples) {
      if (samples.length === 0) return;
      const wrong = samples.find(({ at, lsn }) => !isInstant(at) || lsn < 0n || lsn >= 1n << 64n);
      if (wrong !== undefined) throw walFailure('InvalidInput', 'archive readings', JSON.stringify(wrong.at), 'a reading has an instant in UTC and a position of 64 bits');
      const document = { format: 1, systemIdentifier: key.systemIdentifier, samples: [...samples].sort(older).map(({ at, lsn }) => ({ at, lsn: formatLsn(lsn) })) };
      await cluster.require(key);
      const path = `${directoryOf(key)}/${samplesPath(document)}`;
      if (!(await createOrMatch(storage, path, document))) throw notWhatItClaims('RepositoryDamaged', path, 'it is not what its name says');
    },

    async readSamples(key, batches) {
      await cluster.known(key);
      const samples = new Map<string, WalSample>();
      const directory = directoryOf(key);
      // A name begins with the batch's first instant: by their names they are in order.
      const names = [...await storage.listNames(`${directory}/samples`)].sort();
      for (const name of batches === undefined ? names : names.slice(-batches)) {
        const path = `${directory}/samples/${name}`;
        const document = await readDocument(storage, path);
        const batch = batchOf(key, document);
        if (batch === null || `samples/${name}` !== samplesPath(document as { samples: readonly { at: string }[] })) throw notWhatItClaims('RepositoryDamaged', path, 'it holds no readings of this log, or others than its name says');
        for (const sample of batch) samples.set(`${sample.at} ${sample.lsn}`, sample);
      }
      return [...samples.values()].sort(older);
    },
  };
}

function samplesPath(document: { readonly samples: readonly { readonly at: string }[] }): string {
  const plain = (sample: { readonly at: string } | undefined): string => (sample?.at ?? '').replace(/[:.]/g, '');
  return `samples/${plain(document.samples[0])}-${plain(document.samples.at(-1))}-${sha256Of(document).slice(0, 16)}.json`;
}

/** The readings of a document; null where it is something else. */
function batchOf({ systemIdentifier }: WalKey, document: Readonly<Record<string, unknown>> | null): readonly WalSample[] | null {
  if (document === null || document['format'] !== 1 || document['systemIdentifier'] !== systemIdentifier || !Array.isArray(document['samples'])) return null;
  const batch: WalSample[] = [];
  for (const sample of document['samples'] as readonly { readonly at?: unknown; readonly lsn?: unknown }[]) {
    const lsn = typeof sample?.lsn === 'string' ? parseLsn(sample.lsn) : null;
    if (lsn === null || typeof sample.at !== 'string' || !isInstant(sample.at)) return null;
    batch.push({ at: sample.at, lsn });
  }
  return batch;
}

const isInstant = (text: string): boolean => instantPattern.test(text) && !Number.isNaN(Date.parse(text));

/** By the source's clock; a clock that was set back is not hidden by the order of reading. */
function older(a: WalSample, b: WalSample): number {
  const byClock = Date.parse(a.at) - Date.parse(b.at);
  if (byClock !== 0) return byClock;
  return a.lsn < b.lsn ? -1 : Number(a.lsn > b.lsn);
}

/** Breaks: that the log is broken there is one fact for ever, whoever notes it again and with which words. */
export function breaksIn(storage: BackupStorage, cluster: ClusterRecord): Pick<WalArchive, 'recordBreak' | 'listBreaks'> {
  async function readBreak(key: WalKey, path: string): Promise<Break> {
    const { format, systemIdentifier, segment: name, reason, at } = await readDocument(storage, path) ?? {};
    const segment = typeof name === 'string' ? parseSegmentName(name, key.segmentSizeBytes) : null;
    if (format === 1 && systemIdentifier === key.systemIdentifier && segment !== null && typeof reason === 'string' && typeof at === 'string' && path === `${directoryOf(key)}/${breakPath(segment, key.segmentSizeBytes)}`) return { segment, reason, at };
    throw notWhatItClaims('RepositoryDamaged', path, 'it notes no break of this log, or another one than its name says');
  }

  return {
    async recordBreak(key, segment: Segment, reason, at) {
      const path = `${directoryOf(key)}/${breakPath(segment, key.segmentSizeBytes)}`;
      await cluster.require(key);
      const note = { format: 1, systemIdentifier: key.systemIdentifier, segment: segmentName(segment, key.segmentSizeBytes), reason, at };
      if (!(await createOrMatch(storage, path, note))) await readBreak(key, path);
    },

    async listBreaks(key) {
      await cluster.known(key);
      const breaks: Break[] = [];
      for (const name of [...await storage.listNames(`${directoryOf(key)}/breaks`)].sort()) breaks.push(await readBreak(key, `${directoryOf(key)}/breaks/${name}`));
      return breaks;
    },
  };
}
