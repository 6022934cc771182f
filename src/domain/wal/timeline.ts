/**
 * Timelines: each promotion begins a new one, and its history file says where it left its parents. Pure.
 * Format of a history file: a line per ancestor, oldest first, `<timeline, decimal> <position where it was left> <reason>`, `#` begins a comment
 * (readTimeLineHistory in PostgreSQL's timeline.c).
 */
import { parseLsn } from './lsn.ts';

/** The part of the log that one timeline contributes to a path: from `begin` on, up to `end` (exclusive), or without end for the last. */
export interface TimelineStretch {
  readonly timeline: number;
  readonly begin: bigint;
  readonly end: bigint | null;
}

/**
 * The path through the log that ends on `timeline`: oldest ancestor first. The first timeline of a cluster has no history file: pass the empty text.
 * Null where the text is no history of that timeline (ancestors not rising, positions falling, a line that cannot be read).
 */
export function timelinePath(timeline: number, history: string): readonly TimelineStretch[] | null {
  const path: TimelineStretch[] = [];
  let begin = 0n;
  for (const line of history.split('\n').map((each) => each.replace(/#.*/, '').trim()).filter((each) => each !== '')) {
    const [, number, lsn] = /^(\d{1,10})\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)(?:\s.*)?$/.exec(line) ?? [];
    const end = parseLsn(lsn ?? '');
    const ancestor = Number(number);
    if (end === null || end < begin || ancestor <= (path.at(-1)?.timeline ?? 0) || ancestor >= timeline) return null;
    path.push({ timeline: ancestor, begin, end });
    begin = end;
  }
  return [...path, { timeline, begin, end: null }];
}

/** The timeline that a position lies on, along a path. On the very boundary it is the younger one's first. */
export const timelineAt = (path: readonly TimelineStretch[], lsn: bigint): TimelineStretch | undefined =>
  path.find((stretch) => lsn >= stretch.begin && (stretch.end === null || lsn < stretch.end));

/** The timelines that a recovery left before it stood at `lsn`, having begun on `from`: what was committed there behind their ends is not part of it. */
export const leftOnTheWay = (path: readonly TimelineStretch[], from: number, lsn: bigint): readonly (TimelineStretch & { readonly end: bigint })[] =>
  path.filter((stretch): stretch is TimelineStretch & { readonly end: bigint } => stretch.timeline >= from && stretch.end !== null && stretch.end <= lsn);
