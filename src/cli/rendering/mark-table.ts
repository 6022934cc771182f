/** The marks of a service, as a table. Pure. */
import type { Mark } from '../../domain/point.ts';
import { localTime } from './local-time.ts';
import { tableText } from './table.ts';

/** A mark, or why it cannot be believed. */
export type ListedMark = { readonly name: string; readonly mark: Mark; readonly damage: null } | { readonly name: string; readonly mark: null; readonly damage: string };

export function markTable(marks: readonly ListedMark[], timeZone: string): readonly string[] {
  return tableText([['MARK', 'LOCAL TIME', 'POSITION', 'BY', 'WHY'], ...marks.map(({ name, mark, damage }) => (mark === null
    ? [name, '-', '-', '-', `DAMAGED (${damage})`]
    : [name, localTime(mark.at, timeZone), mark.lsn, mark.requestedBy ?? '-', mark.reason ?? '-']))]);
}
