/** The names that scripts before Holdfast gave their files: `postgres-20260118-133121.sql.gz`, `redis-20260118-133121.rdb`. Files of one run have one stamp. Pure. */
import type { EngineName } from '../engine-name.ts';
import type { Component } from '../service.ts';

export interface NamedFile {
  readonly file: string;
  /** What stands before the stamp: a component's name, or its engine's. */
  readonly prefix: string;
  /** `YYYYMMDD-HHMMSS`, in the local time of whoever wrote it. */
  readonly stamp: string;
  readonly engine: EngineName;
}

const pattern = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})-(\d{8}-\d{6})\.(sql\.gz|rdb)$/;

/** Null for what has another name: a manifest, a note, somebody's own file. */
export function parseFileName(file: string): NamedFile | null {
  const [, prefix, stamp, ending] = pattern.exec(file) ?? [];
  return prefix === undefined || stamp === undefined ? null : { file, prefix, stamp, engine: ending === 'rdb' ? 'redis' : 'postgres' };
}

/** Of the name's engine: the component of that very name, else the only one there is where the prefix is the engine's; null where nobody can tell. */
export function componentFor({ prefix, engine }: NamedFile, components: readonly Component[]): Component | null {
  const candidates = components.filter((component) => component.engine === engine);
  const named = candidates.find(({ name }) => name === prefix);
  if (named !== undefined) return named;
  return prefix === engine && candidates.length === 1 ? candidates[0] ?? null : null;
}
