/** What will be gone for the application when a backup takes the place of the live data. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import { canaryTable } from '../../../domain/canary.ts';
import type { Loss } from '../../../domain/restore-plan.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { Inspection } from '../inspect.ts';
import { runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import type { ServerPlace } from './side-database.ts';

/** Rows of a table, exact or estimated. */
export interface LiveTable {
  readonly table: string;
  readonly rows: string;
  readonly exact: boolean;
}

const linesShown = 10;

/** Read before the side database is restored: restoring commits transactions of its own. */
export async function lossOf(ctx: EngineContext, place: ServerPlace, inspection: Inspection, backup: PostgresDump): Promise<Loss> {
  const { at, snapshot } = backup.snapshot;
  const loss = { component: place.component.name, after: at };
  if (inspection.server.databaseOid === 0) return { ...loss, seconds: 0, transactions: null, notes: ['The server has no such database: nothing is replaced.'] };
  const sameServer = inspection.server.systemIdentifier === backup.server.systemIdentifier;
  const output = await runPsql(ctx, {
    ...place, database: place.component.database, operation: 'count what would be lost', sql: statements['loss.sql'],
    variables: { at, snapshot: sameServer ? snapshot : '' }, timeoutMs: ctx.timing.quickActivityMs,
  });
  const { tables, ...since } = readLossOutput(output);
  return { ...loss, ...since, notes: tableNotes(backup, tables) };
}

/** What loss.sql prints: a line of what has happened since, and one for each table. Pure. */
export function readLossOutput(output: string): { readonly seconds: number; readonly transactions: string | null; readonly tables: readonly LiveTable[] } {
  const [first, ...rest] = output.trim().split('\n');
  const since = JSON.parse(first ?? '') as { seconds: number; transactions: string | null };
  return { ...since, tables: rest.filter((line) => line !== '').map((line) => JSON.parse(line) as LiveTable) };
}

/** Tables whose rows differ from a backup's. Pure. @param parts several of one name where partitions are accounted for as one */
export const tableNotes = (backup: PostgresDump, parts: readonly LiveTable[]): readonly string[] =>
  rowNotes(backup.content.tables.map(({ table, rows }) => ({ table, rows, exact: true })), parts, 'in the backup');

/** Tables that differ in rows, those that lose most first; at most ten lines. An estimate of nothing says nothing, and neither does the row that backups write themselves. Pure. @param where what `before` is, as people read it */
export function rowNotes(before: readonly LiveTable[], now: readonly LiveTable[], where: string): readonly string[] {
  const [then, live] = [before, now].map((tables) => sums(tables.filter(({ table }) => table !== canaryTable))) as [readonly LiveTable[], readonly LiveTable[]];
  const isUnknown = ({ rows, exact }: LiveTable): boolean => !exact && rows === '0';
  const text = ({ rows, exact }: LiveTable): string => `${exact ? '' : 'about '}${rows}`;
  const byName = new Map(then.map((each) => [each.table, each]));
  const there = new Set(live.map(({ table }) => table));
  const changed = live.flatMap((each) => {
    const old = byName.get(each.table);
    if (old === undefined) return [{ lost: BigInt(each.rows), text: `${each.table}: ${text(each)} rows now, not ${where}` }];
    const lost = BigInt(each.rows) - BigInt(old.rows);
    return lost === 0n || isUnknown(each) || isUnknown(old) ? [] : [{ lost, text: `${each.table}: ${text(each)} rows now, ${text(old)} ${where}` }];
  });
  const missing = then.filter((each) => (each.rows !== '0' || isUnknown(each)) && !there.has(each.table)).map((each) => ({ lost: -BigInt(each.rows), text: `${each.table}: not there now${isUnknown(each) ? `, but ${where}` : `, ${text(each)} rows ${where}`}` }));
  const all = [...changed, ...missing].sort((a, b) => Number(b.lost - a.lost));
  const more = all.length - linesShown;
  return [...all.slice(0, linesShown).map((each) => each.text), ...(more > 0 ? [`and ${more} more tables`] : [])];
}

function sums(parts: readonly LiveTable[]): readonly LiveTable[] {
  const byTable = new Map<string, LiveTable>();
  for (const part of parts) {
    const { rows, exact } = byTable.get(part.table) ?? { rows: '0', exact: true };
    byTable.set(part.table, { table: part.table, rows: String(BigInt(rows) + BigInt(part.rows)), exact: exact && part.exact });
  }
  return [...byTable.values()];
}
