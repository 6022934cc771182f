/** Extensions that cannot be created unless their library was loaded at start, with what else they need to keep still. Pure. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';

const preloads = (database: string): Readonly<Record<string, readonly string[]>> => ({
  timescaledb: ['timescaledb.max_background_workers=0'],
  citus: [],
  pg_cron: [`cron.database_name=${database}`, 'cron.launch_active_jobs=off'],
});

/** Parameters of a server that a dump is restored into, `name=value`; none where it needs none. @param database what it is restored as */
export function preloadSettings({ extensions }: Pick<PostgresDump, 'extensions'>, database: string): readonly string[] {
  const known = preloads(database);
  const needed = extensions.map(({ name }) => name).filter((name) => Object.hasOwn(known, name));
  return needed.length === 0 ? [] : [`shared_preload_libraries=${needed.join(',')}`, ...needed.flatMap((name) => known[name] ?? [])];
}
