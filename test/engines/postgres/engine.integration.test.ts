/** PostgreSQL under the suite that every engine passes; one server, a database per test. */
import { afterAll, beforeAll } from 'vitest';
import { describeEngine } from '../../suites/engine-suite.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, openStore, startPostgres } from './postgres-fixture.ts';
import type { Notes, TestPostgres } from './postgres-fixture.ts';

const docker = useDocker();
let postgres: TestPostgres;
let databases = 0;
const stores: AsyncDisposable[] = [];

beforeAll(async () => { postgres = await startPostgres(docker); });
afterAll(async () => { for (const store of stores) await store[Symbol.asyncDispose](); });

describeEngine(engine, async () => {
  databases += 1;
  const database = `suite_${databases}`;
  await postgres.sql(`CREATE DATABASE ${database}`);
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
    context: (run) => contextOf(docker, notes, { run: `${run}-${databases}` }),
    notesOf: (run) => Object.fromEntries(notes.get(`${run}-${databases}`) ?? []),
    write: async () => { await postgres.sql('INSERT INTO notes (note) VALUES (\'newer\'); CREATE TABLE newer (id int);', database); },
  };
});
