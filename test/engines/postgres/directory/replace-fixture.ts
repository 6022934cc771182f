/** A PostgreSQL whose volume has room for its data once, and a repository on another file system. */
import { createRepository } from '../../../../src/repository/create-repository.ts';
import type { Repository } from '../../../../src/repository/repository.ts';
import { createLocalStorage } from '../../../../src/storage/local/local-storage.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import type { EngineContext, PreparedComponent } from '../../../../src/engines/engine-context.ts';
import type { DockerScope } from '../../../support/docker.ts';
import type { ContextOptions, Notes } from '../../../support/engine-context.ts';
import { contextOf, engine, startPostgres, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

export const dataDirectory = '/var/lib/postgresql/data';

export interface SmallPostgres extends TestPostgres {
  readonly volume: string;
  /** A command as root in a container that has the volume, whether the server runs or not. */
  shell(command: string): Promise<string>;
  /** All rows of the one table, as one text. */
  rows(): Promise<string>;
}

/** In memory, so that it is of its own size; what holds it while the server is stopped writes nothing. */
export async function smallPostgres(docker: DockerScope, sizeMiB: number): Promise<SmallPostgres> {
  const volume = docker.name('small');
  await docker.engineCall('POST', '/volumes/create', { Name: volume, Labels: docker.labels, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: `size=${sizeMiB}m` } });
  const { id: keeper } = await docker.runtime.create({
    name: docker.name('keeper'), imageId: await docker.image('postgres:17'), labels: docker.labels, network: 'none', init: true, logDriver: 'none', entrypoint: ['sleep'], command: ['3600'], environment: {},
    mounts: [{ type: 'volume', source: volume, target: dataDirectory, readOnly: true }],
  });
  await docker.runtime.start(keeper);
  const postgres = await startPostgres(docker, {
    args: ['-c', 'max_wal_size=16MB', '-c', 'min_wal_size=4MB'], dataDirectory: '/unused', environment: { POSTGRES_INITDB_ARGS: '--no-sync --wal-segsize=1' }, mounts: [{ type: 'volume', source: volume, target: dataDirectory }],
  });
  return {
    ...postgres, volume,
    shell: async (command) => (await docker.runtime.exec(keeper, { argv: ['sh', '-ec', command], timeoutMs: 60_000 })).stdout.trim(),
    rows: () => postgres.sql('SELECT string_agg(word, \',\' ORDER BY word) FROM state'),
  };
}

export const repositoryIn = async ({ directory }: TestStore): Promise<Repository> => {
  const repository = createRepository('local', createLocalStorage(directory));
  await repository.open();
  return repository;
};

/** With what an activity gives an engine of the repository. */
export function replacingContext(docker: DockerScope, repository: Repository, notes: Notes, given: ContextOptions & { readonly attempt?: string } = {}): EngineContext {
  const setAside = { of: (runId: string, component: string) => repository.setAside({ service: 'test-service', runId, component }), repository: () => repository.place() };
  // One step of it is a whole restore.
  return { ...contextOf(docker, notes, { signal: AbortSignal.timeout(850_000), ...given }), ...(given.attempt === undefined ? {} : { attempt: given.attempt }), setAside };
}

export const cutOverIn = (prepared: PreparedComponent): PostgresDirectoryCutOver => prepared.cutOver as PostgresDirectoryCutOver;
export const replacements = engine.replacements as NonNullable<typeof engine.replacements>;
