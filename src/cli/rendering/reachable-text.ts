/** `ANY SECOND  Sun 15 Nov 03:04 … now (2 s behind)`: the moments that lie between backups. Pure. */
import { durationText } from '../../domain/wording.ts';
import type { ReachableMoments, ReachableWindow } from '../../domain/wal/reachable.ts';
import { segmentName } from '../../domain/wal/segment.ts';
import type { ReachableComponent } from '../reachable.ts';
import { localTime } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';

const heading = 'ANY SECOND';
/** As wide as a backup's id: the times stand under each other. */
const headingCharacters = 15;
/** Readings come every few minutes: as long as the log is as fresh as that, it reaches until now. */
const nowWithinMs = 600_000;

/** The newest window of each component, or why there is none; nothing of one that has neither base backups nor a log. With `all`, the older windows too. */
export function reachableLines(components: readonly ReachableComponent[], all: boolean, clock: PlanClock): readonly string[] {
  return components.flatMap((component) => {
    const texts = textsOf(component, all, clock);
    const name = components.length > 1 ? ` (${component.component})` : '';
    return texts.map((text, index) => `  ${(index === 0 ? `${heading}${name}` : '').padEnd(headingCharacters)}  ${text}`);
  });
}

function textsOf({ logKept, moments, failure }: ReachableComponent, all: boolean, clock: PlanClock): readonly string[] {
  if (failure !== null) return [`not known: ${failure.cause}. ${failure.hint}`];
  if (moments === null) return logKept ? ['not yet: the log is kept, and a base backup is missing that it follows (holdfast backup --kind base)'] : [];
  const newest = moments.windows.at(-1);
  if (newest === undefined) return [`not yet: ${logKept ? whyNone(moments) : 'no log is kept behind the base backups (`wal: stream` or `wal: archive` in holdfast.yaml)'}`];
  const older = moments.windows.slice(0, -1).reverse();
  return [
    `${windowText(newest, moments, clock)}  loses least: --to TIME, --before TIME`,
    ...(all ? older.map((window) => windowText(window, moments, clock)) : older.length === 0 ? [] : [`and ${older.length === 1 ? 'an older stretch' : `${older.length} older stretches`} before a gap: holdfast list --all`]),
  ];
}

function whyNone({ newest, segmentSizeBytes, timeline, historyKnown }: ReachableMoments): string {
  if (!historyKnown) return `the history of timeline ${timeline} is not in the repository (holdfast wal status)`;
  if (newest === null) return 'no base backup lies on the youngest timeline (holdfast backup --kind base)';
  return newest.gap === null ? `the log behind base backup ${newest.backupId} is not in the repository (holdfast wal status)`
    : `segment ${segmentName(newest.gap, segmentSizeBytes)} is missing behind base backup ${newest.backupId} (holdfast backup --kind base)`;
}

function windowText({ begin, end, gap }: ReachableWindow, { newest, segmentSizeBytes }: ReachableMoments, { timeZone, now }: PlanClock): string {
  const from = `${localTime(begin.at, timeZone)}  …  `;
  // Where no newer base backup leads on behind the gap, it is time for one.
  const next = gap !== null && newest?.gap?.number === gap.number ? ': holdfast backup --kind base' : '';
  if (gap !== null) return `${from}${localTime(end.at, timeZone)} (then ${segmentName(gap, segmentSizeBytes)} is missing${next})`;
  const behindMs = Math.max(0, Date.parse(now) - Date.parse(end.at));
  return behindMs <= nowWithinMs ? `${from}now (${durationText(behindMs)} behind)` : `${from}${localTime(end.at, timeZone)} (${durationText(behindMs)} ago: holdfast wal status)`;
}
