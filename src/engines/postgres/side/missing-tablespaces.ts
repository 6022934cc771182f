/** Tablespaces are directories of the server: a dump names them and does not make them. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import { artifactOf } from '../server/dump-input.ts';
import { tablespacesIn } from '../server/globals.ts';
import { queryJson } from '../server/psql.ts';
import { readText } from '../server/read-through.ts';
import type { ServerPlace } from './side-database.ts';

/** Those of the server that was backed up which this one lacks. @throws ArtifactDamaged */
export async function missingTablespaces(ctx: EngineContext, place: ServerPlace, backup: PostgresDump, source: ArtifactSource): Promise<readonly string[]> {
  const wanted = tablespacesIn(await readText(ctx, source, artifactOf(backup, 'globals')));
  if (wanted.length === 0) return [];
  const there = await queryJson<readonly string[]>(ctx, { ...place, database: null, operation: 'read the tablespaces', sql: 'SELECT json_agg(spcname) FROM pg_catalog.pg_tablespace;' });
  return wanted.filter((name) => !there.includes(name));
}

/** What the plan says of it. Pure. */
export const tablespaceNotes = (missing: readonly string[]): readonly string[] =>
  missing.length === 0 ? [] : [`The server lacks the tablespaces ${missing.join(', ')}: everything is restored into the default one.`];
