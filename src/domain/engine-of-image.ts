/** What an image is likely to run, by its name alone. Pure. */
import type { EngineName } from './engine-name.ts';

/** `registry:5000/team/postgres:17@sha256:…` → `postgres`. */
const imageName = (reference: string): string => (reference.split('@')[0]?.split('/').at(-1) ?? '').split(':')[0]?.toLowerCase() ?? '';

/** `companion`: an exporter, a pooler, a console; it has a database's name in its own, and holds no data. Null where the name says nothing. */
export function engineOfImage(reference: string): EngineName | 'companion' | null {
  const image = imageName(reference);
  if (/(exporter|bouncer|pool|insight|commander|admin|proxy|sentinel|backup)/.test(image)) return 'companion';
  if (/^(postgres|postgresql|postgis|pgvector|timescaledb)/.test(image)) return 'postgres';
  return /^(redis|valkey)/.test(image) ? 'redis' : null;
}
