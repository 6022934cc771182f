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

/** Which Debian release carries which major. */
export const imageRecipes: readonly ImageRecipe[] = [
  postgres(17, 'trixie'),
  redis(8, 'trixie'),
  postgres(15, 'bookworm'),
  redis(7, 'bookworm'),
  { ...redis(8, 'trixie'), tag: 'valkey/valkey:8', buildArgs: { FAMILY: 'valkey' } },
  {
    ...postgres(16, 'bookworm'),
    dockerfile: 'postgres-wheel/Dockerfile',
    wheel: { name: 'pgserver', version: '0.1.4', folders: ['pgserver/pginstall', 'pgserver.libs'] },
  },
  postgres(18, 'sid'),
  alpine('postgres:17'),
  alpine('redis:8'),
];

/** Built on demand, by a bench. */
export const pgBackRestImage = 'holdfast-bench-pgbackrest:17';
export const benchRecipes: readonly ImageRecipe[] = [
  { tag: pgBackRestImage, suite: 'trixie', dockerfile: 'postgres-pgbackrest/Dockerfile', files: [], buildArgs: {}, on: 'postgres:17', ownOnly: true },
];
