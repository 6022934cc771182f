/** pgBackRest as its manual sets it up, on the same disk: the Debian package, zstd at level 1, as many processes as the product takes. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { pgBackRestImage } from '../../../devbox/images/recipes.ts';
import type { MountSpec } from '../../../src/containers/container-runtime.ts';
import { createServer, type BenchServer, type ServerOptions } from '../bench-server.ts';
import type { BenchPlace } from '../environment.ts';

/** As worker/dependencies.ts counts them. */
const processes = Math.max(2, Math.min(8, availableParallelism()));
const repositoryTarget = '/pgbackrest';
/** The server's user in the image. */
const postgresUser = 999;

/** Its settings travel as environment variables: the server's archive_command finds the same. */
const environment = (dataDirectory: string): Readonly<Record<string, string>> => ({
  PGBACKREST_STANZA: 'bench', PGBACKREST_PG1_PATH: dataDirectory, PGBACKREST_REPO1_PATH: repositoryTarget, PGBACKREST_REPO1_RETENTION_FULL: '99', PGBACKREST_PROCESS_MAX: String(processes),
  PGBACKREST_COMPRESS_TYPE: 'zst', PGBACKREST_COMPRESS_LEVEL: '1', PGBACKREST_START_FAST: 'y', PGBACKREST_LOG_LEVEL_CONSOLE: 'warn', PGBACKREST_LOG_LEVEL_FILE: 'off', PGBACKREST_LOCK_PATH: '/tmp/pgbackrest',
});

/** How a server is made whose log goes to pgBackRest too. */
export function archivingServer({ directory }: BenchPlace, dataDirectory: string): Pick<ServerOptions, 'image' | 'command' | 'environment' | 'mounts'> {
  return {
    image: pgBackRestImage, environment: environment(dataDirectory), mounts: [repositoryMount(directory)],
    // Nothing that begins by itself in the midst of a figure.
    command: ['postgres', '-c', 'archive_mode=on', '-c', 'archive_command=pgbackrest archive-push %p', '-c', 'summarize_wal=on', '-c', 'autovacuum=off', '-c', 'max_wal_size=8GB', '-c', 'checkpoint_timeout=1h', '-c', 'shared_buffers=256MB'],
  };
}

const repositoryIn = (directory: string): string => join(directory, 'pgbackrest');

/** Of one cluster; the next needs its own. */
export const removeRepository = ({ directory }: BenchPlace): void => rmSync(repositoryIn(directory), { recursive: true, force: true });

function repositoryMount(directory: string): MountSpec {
  const source = repositoryIn(directory);
  mkdirSync(source, { recursive: true });
  chownSync(source, postgresUser, postgresUser);
  return { type: 'bind', source, target: repositoryTarget };
}

export const createStanza = (server: BenchServer): Promise<string> => server.exec(['pgbackrest', 'stanza-create']);
export const fullBackup = (server: BenchServer): Promise<string> => server.exec(['pgbackrest', 'backup', '--type=full', '--no-expire-auto']);
export const incrementalBackup = (server: BenchServer): Promise<string> => server.exec(['pgbackrest', 'backup', '--type=incr', '--no-expire-auto']);
/** All but the newest full backup goes. */
export const expireOld = (server: BenchServer): Promise<string> => server.exec(['pgbackrest', 'expire', '--repo1-retention-full=1']);

/** A container that, once started, restores the newest backup into its empty volume and becomes a server of it; it archives nothing. */
export function createRestored(place: BenchPlace, server: BenchServer): Promise<BenchServer> {
  return createServer(place, {
    name: 'restored', image: pgBackRestImage, environment: environment(server.target), mounts: [repositoryMount(place.directory)],
    entrypoint: ['bash', '-c', 'set -e; chown postgres "$PGBACKREST_PG1_PATH"; gosu postgres pgbackrest restore --archive-mode=off; exec docker-entrypoint.sh "$@"', 'restore'],
    command: ['postgres', '-c', 'autovacuum=off', '-c', 'shared_buffers=256MB'],
  });
}
