/** The marks of a service, as a table. Pure. */
import type { ListedMark } from '../list-marks.ts';
import { localTime } from './local-time.ts';
import { tableText } from './table.ts';

export function markTable(marks: readonly ListedMark[], timeZone: string): readonly string[] {
  return tableText([['MARK', 'LOCAL TIME', 'POSITION', 'BY', 'WHY'], ...marks.map(({ name, mark, damage }) => (mark === null
    ? [name, '-', '-', '-', `DAMAGED (${damage})`]
    : [name, localTime(mark.at, timeZone), mark.lsn, mark.requestedBy ?? '-', mark.reason ?? '-']))]);
}
