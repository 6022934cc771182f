/** Segments in the trash: batches of names, written once each. The segments themselves stay where they are. */
import { checkName } from '../domain/identifiers.ts';
import { rangesOf, type SegmentRange } from '../domain/retention/prune-plan.ts';
import type { Segment } from '../domain/wal/segment.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createOrMatch, documentNames, listedAnew, notWhatItClaims, readDocument } from './documents.ts';
import type { LogName, MarkedSegment, Trash } from './trash.ts';
import { isSystemIdentifier } from './wal/object-names.ts';

interface Batch {
  readonly number: number;
  readonly upTo: number;
  readonly segments: readonly Segment[];
}

const numberPattern = /^\d{1,20}$/;
/** So many in one range would be no log, and would fill the memory. */
const longestRange = 10_000_000n;

function directoryOf({ service, component, systemIdentifier }: LogName): string {
  const directory = `${checkName('service', service)}/trash/log/${checkName('component', component)}`;
  if (!isSystemIdentifier(systemIdentifier)) throw notWhatItClaims('RepositoryDamaged', directory, 'a system identifier is a decimal number');
  return `${directory}/${systemIdentifier}`;
}

/** @param beforeWriting fails where this is not the repository it was */
export function logMarksIn(storage: BackupStorage, beforeWriting: () => Promise<unknown>): Pick<Trash, 'markedSegments' | 'markSegments' | 'unmarkSegments'> {
  const pathOf = (log: LogName, number: number): string => `${directoryOf(log)}/${String(number).padStart(9, '0')}.json`;

  const batches = (log: LogName): Promise<readonly Batch[]> => listedAnew(directoryOf(log), () => batchesOnce(log));

  /** Null where one of them is gone: what is left of it lies under a new number. */
  async function batchesOnce(log: LogName): Promise<readonly Batch[] | null> {
    const found: Batch[] = [];
    for (const name of await documentNames(storage, directoryOf(log))) {
      const path = `${directoryOf(log)}/${name}.json`;
      const document = await readDocument(storage, path);
      if (document === null) return null;
      const { upTo, ranges } = document;
      if (!/^\d{9}$/.test(name) || !Number.isSafeInteger(upTo) || !Array.isArray(ranges) || !ranges.every(isRange)) throw notWhatItClaims('RepositoryDamaged', path, 'it names no segments in the trash');
      found.push({ number: Number(name), upTo: upTo as number, segments: ranges.flatMap(segmentsOf) });
    }
    return found;
  }

  /** Under the next number; what another has written there stays. */
  async function store(log: LogName, after: number, segments: readonly Segment[], upTo: number): Promise<void> {
    await beforeWriting();
    for (let number = after + 1; !(await createOrMatch(storage, pathOf(log, number), { format: 1, upTo, ranges: rangesOf(segments) })); number += 1);
  }

  return {
    async markedSegments(log) {
      const marked = new Map<string, MarkedSegment>();
      for (const { upTo, segments } of await batches(log)) for (const segment of segments) marked.set(keyOf(segment), { ...segment, trashedUpTo: Math.max(upTo, marked.get(keyOf(segment))?.trashedUpTo ?? 0) });
      return [...marked.values()];
    },
    async markSegments(log, segments, upTo) {
      if (segments.length > 0) await store(log, (await batches(log)).at(-1)?.number ?? 0, segments, upTo);
    },
    async unmarkSegments(log, segments) {
      const gone = new Set(segments.map(keyOf));
      const all = await batches(log);
      let newest = all.at(-1)?.number ?? 0;
      for (const { number, upTo, segments: marked } of all) {
        const left = marked.filter((segment) => !gone.has(keyOf(segment)));
        if (left.length === marked.length) continue;
        // What is left is written first: whoever is stopped here has marked them twice.
        if (left.length > 0) {
          await store(log, newest, left, upTo);
          newest += 1;
        }
        await storage.remove(pathOf(log, number));
      }
    },
  };
}

const keyOf = ({ timeline, number }: Segment): string => `${timeline}/${number}`;

function isRange(value: unknown): value is SegmentRange {
  const { timeline, first, last } = (value ?? {}) as Partial<SegmentRange>;
  if (!Number.isSafeInteger(timeline) || typeof first !== 'string' || typeof last !== 'string' || !numberPattern.test(first) || !numberPattern.test(last)) return false;
  const length = BigInt(last) - BigInt(first);
  return length >= 0n && length < longestRange;
}

function segmentsOf({ timeline, first, last }: SegmentRange): readonly Segment[] {
  const begin = BigInt(first);
  return Array.from({ length: Number(BigInt(last) - begin) + 1 }, (_, index) => ({ timeline, number: begin + BigInt(index) }));
}
