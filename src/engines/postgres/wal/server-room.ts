/** What is left on the file system of a server's own log, and what keeps log there: by single short commands in the database's container. */
import type { PostgresComponent } from '../../../domain/service.ts';
import { parseLsn } from '../../../domain/wal/lsn.ts';
import { beginOf, parseSegmentName } from '../../../domain/wal/segment.ts';
import type { LogKeptFor, ServerRoom } from '../../../domain/wal/server-room.ts';
import type { WalContext } from '../../wal-source.ts';
import { queryJson } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import { sessionContext, type Named, type Receiver } from './receiver.ts';
import { diskIn } from './wal-readings.ts';

/** What server-room.sql prints. */
export interface RoomReading {
  /** Null where the user may not read it. */
  readonly dataDirectory: string | null;
  readonly position: string;
  readonly segmentSizeBytes: number;
  readonly maxWalBytes: number;
  readonly keepBytes: number;
  readonly slots: readonly { readonly name: string; readonly active: boolean; readonly bytes: number }[];
  /** Null where archive_mode is off. */
  readonly archiving: { readonly failed: string | null; readonly archived: string | null } | null;
}

/** A disk that does not answer must not hold up for long whoever keeps the log. */
const answersWithinMs = 10_000;

/** Null where the database does not run, or its disk is not told. @throws AuthenticationFailed, DatabaseUnreachable, BrokenStream */
export async function readServerRoom(ctx: WalContext, component: PostgresComponent, named: Named & Partial<Pick<Receiver, 'slot'>>): Promise<ServerRoom | null> {
  const database = await ctx.runtime.find(component.container);
  if (database?.state !== 'running') return null;
  const said = async (...argv: readonly string[]): Promise<string> => (await ctx.runtime.exec(database.id, { argv, timeoutMs: answersWithinMs, signal: ctx.signal })).stdout;
  const reading = await queryJson<RoomReading>(sessionContext(ctx, named), {
    containerId: database.id, component, database: null, operation: 'look at what the server keeps of its log', sql: statements['server-room.sql'], timeoutMs: answersWithinMs, otherwise: 'HelperFailed',
  });
  // Whom the server does not tell it, the image may.
  const directory = reading.dataDirectory ?? (await said('printenv', 'PGDATA')).trim();
  if (!directory.startsWith('/')) return null;
  // With the slash: it may be a link to another file system.
  const log = `${directory}/pg_wal/`;
  const disk = diskIn(await said('df', '-Pk', log));
  if (disk === null) return null;
  // What was removed meanwhile is a word of its own and no failure.
  const [, kilobytes] = /^(\d+)\s/.exec(await said('du', '-sk', log)) ?? [];
  return { ...disk, walBytes: kilobytes === undefined ? null : Number(kilobytes) * 1024, keptFor: keptFor(reading, named.slot ?? null), maxWalBytes: reading.maxWalBytes, keepBytes: reading.keepBytes };
}

/** Pure. */
export function keptFor({ slots, archiving, position, segmentSizeBytes }: RoomReading, ownSlot: string | null): readonly LogKeptFor[] {
  const here = parseLsn(position);
  // It may be a timeline's history, or a note of a base backup: of that the first 24 say which segment it stands in.
  const last = parseSegmentName(archiving?.archived?.slice(0, 24) ?? '', segmentSizeBytes);
  const waiting = last === null || here === null ? null : Number(here - beginOf(last.number + 1n, segmentSizeBytes));
  return [
    ...slots.map(({ name, active, bytes }): LogKeptFor => ({ kind: 'slot', name, own: name === ownSlot, active, bytes })),
    ...(archiving === null ? [] : [{ kind: 'archiving', failed: archiving.failed, bytes: waiting === null ? null : Math.max(0, waiting) } as const]),
  ];
}
