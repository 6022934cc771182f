/** A disk that runs full while a dump is written, or unpacked: called by its name, and never a fault of the backup's. */
import { beforeAll, expect, test } from 'vitest';
import type { PostgresDump } from '../../../src/domain/backup-manifest.ts';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, engine, openStore, options, startPostgres, type TestPostgres } from './postgres-fixture.ts';
import { onVolume, smallVolume } from './small-volume.ts';

const docker = useDocker();
const full = /No space left on device|wrote only \d+ of \d+/i;
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres(docker, { args: ['-c', 'autovacuum=off'] });
});

async function inDatabase(database: string, sql: string): Promise<PostgresComponent> {
  await postgres.sql(`CREATE DATABASE ${database}`);
  await postgres.sql(sql, database);
  return { ...postgres.component, database };
}

test.each(['directory', 'engine\'s API'])('a backup says so, into a repository by its %s', async (way) => {
  await using store = await openStore();
  // Rows that nothing compresses, and of whose size the statistics know nothing yet: of what is predicted there is room.
  const component = await inDatabase(`noise_${way.slice(0, 3)}`, 'CREATE TABLE noise AS SELECT decode(string_agg(md5(random()::text), \'\'), \'hex\') AS bytes FROM generate_series(1, 1048576) n GROUP BY n % 256');
  const { name } = await smallVolume(docker, 12);
  const { fields } = await failing('DiskFull', engine.backUp(onVolume(docker, contextOf(docker), name), component, way === 'directory' ? store.destination : store.streamedDestination, options));
  expect(fields.cause).toMatch(full);
  expect(await docker.left()).toEqual([]);
}, 170_000);

test('a sound dump that does not fit is not called damaged, whoever unpacks it', async () => {
  await using store = await openStore();
  // Each table's file is far smaller than what a file system gives it: unpacked they take more room than their archive.
  const component = await inDatabase('many', 'DO $$ BEGIN FOR n IN 1 .. 500 LOOP EXECUTE format(\'CREATE TABLE t%s (id int)\', n); END LOOP; END $$');
  const dump = await engine.backUp(contextOf(docker), component, store.destination, options) as PostgresDump;
  const archiveBytes = dump.artifacts.find(({ kind }) => kind === 'dump')?.stored.sizeBytes ?? 0;
  for (const what of ['verify', 'prove'] as const) {
    const { name } = await smallVolume(docker, archiveBytes / 1024 ** 2 + 1);
    const checked = engine[what](onVolume(docker, contextOf(docker), name), dump, store.source);
    if (what === 'prove') expect(await checked).toMatchObject({ verdict: 'couldNotVerify', sentence: expect.stringMatching(full) });
    else expect((await failing('DiskFull', checked)).fields).toMatchObject({ cause: expect.stringMatching(full), hint: expect.stringContaining('Make room') });
  }
  expect(await docker.left()).toEqual([]);
}, 170_000);
