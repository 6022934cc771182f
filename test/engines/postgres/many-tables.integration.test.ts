/** Many tables: each is counted once, by however many sessions, while they grow, and with no more locks than the snapshot's session holds. */
import { beforeAll, expect, it } from 'vitest';
import type { PostgresContent } from '../../../src/domain/content.ts';
import { pollUntil } from '../../../src/containers/wait-until.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, startPostgres } from './postgres-fixture.ts';
import type { TestPostgres } from './postgres-fixture.ts';

const docker = useDocker();
const count = 300;
let postgres: TestPostgres;
const names = Array.from({ length: count }, (_, n) => `public.growing_${n + 100}`);
const read = async (jobs: number): Promise<PostgresContent> => await engine.readContent(contextOf(docker), postgres.component, { contentHashes: true, jobs }) as PostgresContent;

beforeAll(async () => {
  // Room for the tables' locks, and for some of their indexes': about as 8,000 are by default for 3,000 tables.
  postgres = await startPostgres(docker, { args: ['-c', 'max_locks_per_transaction=10', '-c', 'max_connections=30'] });
  for (let from = 0; from < count; from += 50) {
    await postgres.sql(names.slice(from, from + 50).map((name) => `CREATE TABLE ${name} (n int, note text); ALTER TABLE ${name} ALTER note SET STORAGE PLAIN; INSERT INTO ${name} SELECT n, md5(n::text) FROM generate_series(1, 20) AS n;
      ${Array.from({ length: 10 }, () => `CREATE INDEX ON ${name} (n);`).join(' ')}`).join('\n'));
  }
});

it('are counted within the room that the server has for locks', async () => {
  const content = await read(2);
  expect(content.tables.map(({ table }) => table)).toEqual(names);
  expect(new Set(content.tables.map(({ rows }) => rows))).toEqual(new Set(['20']));
  expect(new Set(content.tables.map(({ hash }) => hash)).size).toBe(1);
});

it('are each counted once while they grow', async () => {
  const script = '\\set t random(100, 199)\nINSERT INTO growing_:t VALUES (1, repeat(\'x\', 3000));\n';
  const writer = await docker.run({
    imageId: await docker.image('postgres:17'), network: `container:${postgres.id}`, entrypoint: ['sh'], environment: { PGPASSWORD: 'canary-password', SCRIPT: script },
    command: ['-c', 'printf %s "$SCRIPT" >/tmp/script && exec pgbench -n -h 127.0.0.1 -U postgres -c 4 -j 1 -T 600 -f /tmp/script app'],
  });
  await pollUntil(async () => Number(await postgres.sql('SELECT count(*) FROM growing_150')) > 20 || null, { withinMs: 30_000, everyMs: 50 });
  for (let reading = 0; reading < 4; reading += 1) {
    const content = await read(4);
    expect(content.tables.map(({ table }) => table)).toEqual(names);
    expect(content.tables.slice(100).every(({ rows }) => rows === '20')).toBe(true);
  }
  expect((await docker.runtime.inspect(writer)).state).toBe('running');
  await docker.runtime.kill(writer);
});
