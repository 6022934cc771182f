/** Extensions that cannot be created unless their library was loaded at start, with what else they need to keep still. Pure. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';

export const preloadLibraries = 'shared_preload_libraries';

const preloads = (database: string): Readonly<Record<string, Readonly<Record<string, string>>>> => ({
  timescaledb: { 'timescaledb.max_background_workers': '0' },
  citus: {},
  pg_cron: { 'cron.database_name': database, 'cron.launch_active_jobs': 'off' },
});

/** Parameters of a server that a dump is restored into, by name; none where it needs none. @param database what it is restored as */
export function preloadSettings({ extensions }: Pick<PostgresDump, 'extensions'>, database: string): Readonly<Record<string, string>> {
  const known = preloads(database);
  const needed = extensions.map(({ name }) => name).filter((name) => Object.hasOwn(known, name));
  return needed.length === 0 ? {} : Object.assign({ [preloadLibraries]: needed.join(',') }, ...needed.map((name) => known[name])) as Record<string, string>;
}
