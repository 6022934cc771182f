/** Marks that cannot be come back to once a plan was carried out, and can until then. Pure. */
import type { Mark } from '../../point.ts';
import { isOn } from '../../wal/base-choice.ts';
import { coverageFrom, type WalHoldings } from '../../wal/coverage.ts';
import { parseLsn } from '../../wal/lsn.ts';
import type { Segment } from '../../wal/segment.ts';
import type { BackupFacts, LogFacts } from '../facts.ts';
import { timelinePaths } from './log-needs.ts';

/** A sentence on each. A name holds nothing: who wants to come back to it longer than the policy says holds a backup. */
export function lostMarks(log: LogFacts, marks: readonly Mark[], backups: readonly BackupFacts[], removes: readonly Segment[]): readonly string[] {
  const own = marks.filter(({ component, systemIdentifier }) => component === log.component && systemIdentifier === log.systemIdentifier);
  if (own.length === 0 || removes.length === 0) return [];
  const going = new Set(removes);
  const { complete, partial, segmentSizeBytes } = log.holdings;
  const after: WalHoldings = { segmentSizeBytes, complete: complete.filter((segment) => !going.has(segment)), partial: partial.filter((segment) => !going.has(segment)) };
  return own.filter((mark) => isReached(mark, log, backups, log.holdings) && !isReached(mark, log, backups, after))
    .map(({ name }) => `The mark ${name} cannot be come back to any more: the log that leads there goes.`);
}

function isReached({ timeline, lsn: text }: Mark, { component, systemIdentifier, histories }: LogFacts, backups: readonly BackupFacts[], holdings: WalHoldings): boolean {
  const [path, lsn] = [timelinePaths(histories).get(timeline), parseLsn(text)];
  if (path === undefined || lsn === null) return false;
  return backups.some(({ parts }) => parts.some(({ component: name, base }) => name === component && base !== null && base.systemIdentifier === systemIdentifier
    && base.end <= lsn && isOn(path, base) && coverageFrom(base.begin, path, holdings).end >= lsn));
}
