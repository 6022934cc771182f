/** What will be gone for the application when a backup takes the place of the live data. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import type { Loss } from '../../../domain/restore-plan.ts';
import type { EngineContext } from '../../engine.ts';
import type { Inspection } from '../inspect.ts';
import { runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import type { ServerPlace } from './side-database.ts';

interface LiveTable {
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
  const [first, ...rest] = output.trim().split('\n');
  const since = JSON.parse(first ?? '') as { seconds: number; transactions: string | null };
  return { ...loss, ...since, notes: tableNotes(backup, rest.filter((line) => line !== '').map((line) => JSON.parse(line) as LiveTable)) };
}

/** Tables that differ in rows, those that lose most first; at most ten lines. Pure. @param parts several of one name where partitions are accounted for as one */
export function tableNotes(backup: PostgresDump, parts: readonly LiveTable[]): readonly string[] {
  const live = sums(parts);
  const backedUp = new Map(backup.content.tables.map(({ table, rows }) => [table, BigInt(rows)]));
  const partitions = new Set(live.map(({ table }) => table));
  const changed = live.flatMap(({ table, rows, exact }) => {
    const before = backedUp.get(table);
    if (before === undefined) return [{ lost: BigInt(rows), text: `${table}: ${exact ? '' : 'about '}${rows} rows now, not in the backup` }];
    const lost = BigInt(rows) - before;
    return lost === 0n || (!exact && rows === '0') ? [] : [{ lost, text: `${table}: ${exact ? '' : 'about '}${rows} rows now, ${before} in the backup` }];
  });
  const missing = backup.content.tables.filter(({ table, rows }) => rows !== '0' && !partitions.has(table)).map(({ table, rows }) => ({ lost: -BigInt(rows), text: `${table}: not there now, ${rows} rows in the backup` }));
  const all = [...changed, ...missing].sort((a, b) => Number(b.lost - a.lost));
  const more = all.length - linesShown;
  return [...all.slice(0, linesShown).map(({ text }) => text), ...(more > 0 ? [`and ${more} more tables`] : [])];
}

function sums(parts: readonly LiveTable[]): readonly LiveTable[] {
  const byTable = new Map<string, LiveTable>();
  for (const part of parts) {
    const { rows, exact } = byTable.get(part.table) ?? { rows: '0', exact: true };
    byTable.set(part.table, { table: part.table, rows: String(BigInt(rows) + BigInt(part.rows)), exact: exact && part.exact });
  }
  return [...byTable.values()];
}
