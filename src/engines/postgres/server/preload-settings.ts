/** Extensions that cannot be created unless their library was loaded at start, with what else they need; and what makes libraries keep still. Pure. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';

export const preloadLibraries = 'shared_preload_libraries';

/** What libraries need to keep still. */
const quiet: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pg_cron: { 'cron.launch_active_jobs': 'off' },
  timescaledb: { 'timescaledb.max_background_workers': '0' },
};

/** What keeps the workers of these from beginning. */
export const quietLibraries = (libraries: readonly string[]): Readonly<Record<string, string>> => Object.assign({}, ...libraries.map((library) => quiet[library] ?? {})) as Record<string, string>;

/** What else a server with these has to be told. */
const preloads = (database: string): Readonly<Record<string, Readonly<Record<string, string>>>> => ({ timescaledb: {}, citus: {}, pg_cron: { 'cron.database_name': database } });

/** The names that such settings load. */
export const librariesIn = (settings: Readonly<Record<string, string>>): readonly string[] => (settings[preloadLibraries] ?? '').split(',').filter((name) => name !== '');

/** Parameters of a server that a dump is restored into, by name; none where it needs none. @param database what it is restored as */
export function preloadSettings({ extensions }: Pick<PostgresDump, 'extensions'>, database: string): Readonly<Record<string, string>> {
  const known = preloads(database);
  const needed = extensions.map(({ name }) => name).filter((name) => Object.hasOwn(known, name));
  return needed.length === 0 ? {} : Object.assign({ [preloadLibraries]: needed.join(',') }, ...needed.map((name) => known[name]), quietLibraries(needed)) as Record<string, string>;
}
