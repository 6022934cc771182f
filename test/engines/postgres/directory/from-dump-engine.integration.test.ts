/** A dump restored as a whole, under the suite that every engine passes: whatever is done before and after is what is done with any other cut-over. */
import { afterAll } from 'vitest';
import type { DatabaseEngine } from '../../../../src/engines/engine.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import { describeEngine } from '../../../suites/engine-suite.ts';
import { useDocker } from '../../../support/docker.ts';
import { contextOf, engine, openStore, startPostgres, type Notes } from '../postgres-fixture.ts';

const docker = useDocker();
let worlds = 0;
const stores: AsyncDisposable[] = [];
afterAll(async () => { for (const store of stores) await store[Symbol.asyncDispose](); });

const prepareWhole = engine.prepareWhole as NonNullable<typeof engine.prepareWhole>;
const whole: DatabaseEngine<PostgresComponent> = { ...engine, prepare: (ctx, component, backup, source) => prepareWhole(ctx, component, backup, source, 'it is said so') };

describeEngine(whole, async () => {
  worlds += 1;
  const world = worlds;
  const postgres = await startPostgres(docker);
  await postgres.sql('CREATE ROLE owners; CREATE TABLE notes (id serial PRIMARY KEY, note text); ALTER TABLE notes OWNER TO owners; INSERT INTO notes (note) SELECT md5(n::text) FROM generate_series(1, 1000) AS n; SELECT lo_from_bytea(0, \'\\x01\');');
  const store = await openStore();
  stores.push(store);
  const notes: Notes = new Map();
  let attempts = 0;
  return {
    component: postgres.component,
    source: store.source,
    destination: () => {
      attempts += 1;
      return store.attempt(`a${attempts}`);
    },
    context: (run) => contextOf(docker, notes, { run: `${run}-${world}` }),
    notesOf: (run) => Object.fromEntries(notes.get(`${run}-${world}`) ?? []),
    write: async () => { await postgres.sql('INSERT INTO notes (note) VALUES (\'newer\'); CREATE TABLE newer (id int);'); },
  };
});
