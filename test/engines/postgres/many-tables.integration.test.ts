/** Many tables: each is counted once, by however many sessions, while they grow, and with no more locks than the snapshot's session holds. */
import { beforeAll, expect, it } from 'vitest';
import type { PostgresContent } from '../../../src/domain/content.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, startPostgres } from './postgres-fixture.ts';
import type { TestPostgres } from './postgres-fixture.ts';

const docker = useDocker();
const count = 300;
let postgres: TestPostgres;
const names = Array.from({ length: count }, (_, n) => `public.growing_${String(n).padStart(3, '0')}`);
const read = async (jobs: number): Promise<PostgresContent> => await engine.readContent(contextOf(docker), postgres.component, { contentHashes: true, jobs }) as PostgresContent;

beforeAll(async () => {
  // Room for about 600 locks: enough for the tables, and for a third of their indexes. As 6,000 are by default for 3,000 tables.
  postgres = await startPostgres(docker, { args: ['-c', 'max_locks_per_transaction=10', '-c', 'max_connections=30'] });
  for (let from = 0; from < count; from += 50) {
    await postgres.sql(names.slice(from, from + 50).map((name) => `CREATE TABLE ${name} (id serial PRIMARY KEY, n int UNIQUE, note text UNIQUE); INSERT INTO ${name} (n, note) SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, 20) AS n;`).join('\n'));
  }
});

it('are counted within the room that the server has for locks', async () => {
  const content = await read(2);
  expect(content.tables.map(({ table }) => table)).toEqual(names);
  expect(new Set(content.tables.map(({ rows }) => rows))).toEqual(new Set(['20']));
  expect(new Set(content.tables.map(({ hash }) => hash)).size).toBe(1);
});

it('are each counted once while they grow', async () => {
  const script = names.slice(0, 100).map((name) => `INSERT INTO ${name} (n, note) SELECT n + :n, md5(n::text) || :n FROM generate_series(1, 100) AS n;`).join('\n');
  const writer = await docker.run({
    imageId: await docker.image('postgres:17'), network: `container:${postgres.id}`, entrypoint: ['sh'], environment: { PGPASSWORD: 'canary-password', SCRIPT: script },
    command: ['-c', 'n=1000; while :; do n=$((n + 1000)); printf %s "$SCRIPT" | psql -qX -h 127.0.0.1 -U postgres -v n=$n app || exit 1; done'],
  });
  for (let reading = 0; reading < 3; reading += 1) {
    const content = await read(4);
    expect(content.tables.map(({ table }) => table)).toEqual(names);
    expect(content.tables.slice(100).every(({ rows }) => rows === '20')).toBe(true);
    expect(content.tables.slice(0, 100).every(({ rows }) => Number(rows) % 100 === 20)).toBe(true);
  }
  expect((await docker.runtime.inspect(writer)).state).toBe('running');
  await docker.runtime.kill(writer);
});
