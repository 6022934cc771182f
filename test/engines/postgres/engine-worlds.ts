/** What the suite that every engine passes is opened on, for PostgreSQL: a database with a few rows, a repository, and runs of its own. */
import { afterAll } from 'vitest';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import type { EngineWorld } from '../../suites/engine-suite.ts';
import type { DockerScope } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { contextOf, openStore, type TestPostgres } from './postgres-fixture.ts';

/** Answers what opens a new world on a server, in the database that is named or the server's own. What it made is removed after all tests. */
export function useEngineWorlds(docker: DockerScope): (postgres: TestPostgres, database?: string) => Promise<EngineWorld<PostgresComponent>> {
  let worlds = 0;
  const stores: AsyncDisposable[] = [];
  afterAll(async () => { for (const store of stores) await store[Symbol.asyncDispose](); });

  return async (postgres, database = postgres.component.database) => {
    worlds += 1;
    const world = worlds;
    await postgres.sql('CREATE TABLE notes (id serial PRIMARY KEY, note text); INSERT INTO notes (note) SELECT md5(n::text) FROM generate_series(1, 1000) AS n; SELECT lo_from_bytea(0, \'\\x01\');', database);
    const store = await openStore();
    stores.push(store);
    const notes: Notes = new Map();
    let attempts = 0;
    return {
      component: { ...postgres.component, database },
      source: store.source,
      destination: () => {
        attempts += 1;
        return store.attempt(`a${attempts}`);
      },
      context: (run) => contextOf(docker, notes, { run: `${run}-${world}` }),
      notesOf: (run) => Object.fromEntries(notes.get(`${run}-${world}`) ?? []),
      write: async () => { await postgres.sql('INSERT INTO notes (note) VALUES (\'newer\'); CREATE TABLE newer (id int);', database); },
    };
  };
}
