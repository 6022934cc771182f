/** Databases that a run makes beside the live one, and their names. All are found again by name or OID; nothing else is ever dropped. */
import { run16 } from '../../../containers/labels.ts';
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import { formatsToFill } from '../server/time-formats.ts';

/** Where a run prepares. */
export const sideNameOf = (owner: RunOwner, component: string): string => `holdfast_side_${run16(owner, component)}`;

/** What the replaced database is called until it is accepted away. */
export const asideNameOf = (owner: RunOwner, component: string): string => `holdfast_old_${run16(owner, component)}`;

/** A server and who speaks to it: the live one, or a throwaway. */
export interface ServerPlace {
  readonly containerId: string;
  readonly component: PostgresComponent;
  /** The directory of its socket; where the image has it unless given. */
  readonly host?: string;
}

/** Creates it empty, closed to all but superusers, in the shape of the one that was backed up; answers its OID. Not idempotent: drop first. */
export async function createSideDatabase(ctx: EngineContext, place: ServerPlace, name: string, backup: Pick<PostgresDump, 'timeFormats' | 'properties'>): Promise<number> {
  const { properties } = backup;
  const output = await runPsql(ctx, {
    ...place, database: null, operation: 'create the side database', sql: statements['create-side.sql'], timeoutMs: ctx.timing.quickActivityMs,
    variables: {
      side: name, encoding: properties.encoding, provider: properties.localeProvider, collate: properties.collate, ctype: properties.ctype,
      locale: properties.locale ?? '', icu_rules: properties.icuRules ?? '', formats: JSON.stringify(formatsToFill(backup)),
    },
  });
  return Number(output.trim());
}

/** Drops the database if it has this name and this OID (null: whichever); no error where it is gone. */
export async function dropDatabase(ctx: EngineContext, place: ServerPlace, name: string, oid: number | null): Promise<void> {
  await runPsql(ctx, { ...place, database: null, operation: 'drop a database of ours', sql: statements['drop-database.sql'], variables: { name, oid: oid ?? '' }, timeoutMs: ctx.timing.quickActivityMs });
}
