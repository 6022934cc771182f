/** Which segments of an archived log may go. Pure. */
import { beginOf, lastSegmentBefore, segmentOf, type Segment } from '../../wal/segment.ts';
import { counted } from '../../wording.ts';
import type { BackupFacts, BasePart, LogFacts, TrashedSegment } from '../facts.ts';
import { timelinePaths, type LogNeeds, type LogStart } from './log-needs.ts';

export interface LogPlan {
  readonly component: string;
  readonly systemIdentifier: string;
  /** From the log's beginning on: whoever is stopped in the middle has left no gap that is not there anyway. */
  readonly removes: readonly Segment[];
  /** In the trash, and needed by now. */
  readonly offersBack: readonly TrashedSegment[];
  /** Leave the trash for good. */
  readonly leaves: readonly TrashedSegment[];
  /** Base backups that the kept log begins with. */
  readonly beginsWith: readonly string[];
  readonly sentence: string;
}

export interface LogPlanInput {
  readonly log: LogFacts;
  /** Of what is there, and of what is there and in the trash. */
  readonly needs: readonly LogNeeds[];
  /** All that are not gone for good: the log that takes each to its own end stays as long. */
  readonly backups: readonly BackupFacts[];
  isOverdue(trashedUpTo: number): boolean;
}

export function planLog({ log, needs, backups, isOverdue }: LogPlanInput): LogPlan {
  const { component, systemIdentifier } = log;
  const isNeeded = segmentNeeds(log, needs, backups);
  const removes = [...log.holdings.complete, ...log.holdings.partial].filter((segment) => !isNeeded(segment)).sort(inOrder);
  const offersBack = log.trashed.filter(isNeeded);
  const leaves = log.trashed.filter((segment) => !isNeeded(segment) && isOverdue(segment.trashedUpTo)).toSorted(inOrder);
  const beginsWith = [...new Set(needs.flatMap(({ anchors }) => anchors.map(({ base }) => base.backupId)))].sort();
  return { component, systemIdentifier, removes, offersBack, leaves, beginsWith, sentence: sentenceOf(needs, removes.length, beginsWith) };
}

/** Is this segment needed? By one of the needs, a base backup's own range, or because nobody knows where its timeline lies. */
export function segmentNeeds({ component, systemIdentifier, holdings, histories }: LogFacts, needs: readonly LogNeeds[], backups: readonly Pick<BackupFacts, 'parts'>[]): (segment: Segment) => boolean {
  if (needs.some(({ frozen }) => frozen !== null)) return () => true;
  const sizeBytes = holdings.segmentSizeBytes;
  const ranges = backups.flatMap(({ parts }) => parts.flatMap((part) => (part.component === component && part.base?.systemIdentifier === systemIdentifier ? [rangeOf(part.base, sizeBytes)] : [])));
  const known = timelinePaths(histories);
  const starts = needs.flatMap((each) => each.starts);
  return (segment) => !known.has(segment.timeline) || ranges.some(({ first, last }) => segment.number >= first && segment.number <= last) || starts.some((start) => leadsThrough(start, segment, sizeBytes));
}

/** Of whichever timeline: where one begins in the middle of a segment, its file holds what its parent wrote of that. */
const rangeOf = ({ begin, end }: BasePart, sizeBytes: number): { readonly first: bigint; readonly last: bigint } => ({ first: segmentOf(begin, sizeBytes), last: lastSegmentBefore(end, sizeBytes) });

function leadsThrough({ path, begin }: LogStart, { timeline, number }: Segment, sizeBytes: number): boolean {
  if (number < segmentOf(begin, sizeBytes)) return false;
  return path.some((stretch) => stretch.timeline === timeline && number >= segmentOf(stretch.begin, sizeBytes) && (stretch.end === null || beginOf(number, sizeBytes) < stretch.end));
}

const inOrder = (a: Segment, b: Segment): number => (a.number === b.number ? a.timeline - b.timeline : a.number < b.number ? -1 : 1);

function sentenceOf(needs: readonly LogNeeds[], removed: number, beginsWith: readonly string[]): string {
  const frozen = needs.find((each) => each.frozen !== null)?.frozen;
  if (frozen !== undefined) return `All of it is kept: ${frozen}.`;
  const from = beginsWith.length === 0 ? 'Nothing leads on in it' : `It is kept from ${beginsWith.join(' and ')} on`;
  return `${from}, with what takes each older base backup to its own end; ${removed === 0 ? 'nothing goes' : `${counted(removed, 'segment')} before that ${removed === 1 ? 'goes' : 'go'}`}.`;
}
