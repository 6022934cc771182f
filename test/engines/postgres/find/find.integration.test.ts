/** A log looked through, and looked along, on real servers: which commits it names, what is seen on both sides of them, and what is never taken for an answer. */
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findScratchOf } from '../../../../src/containers/scratch.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { Condition } from '../../../../src/domain/find/condition.ts';
import { planPass, readPass, type Bracket } from '../../../../src/domain/find/narrowing.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import { parseLsn } from '../../../../src/domain/wal/lsn.ts';
import type { KeptLog } from '../../../../src/engines/engine-context.ts';
import type { Look, LogSurvey, MomentEngine, SurveyRequest } from '../../../../src/engines/moment-engine.ts';
import { cases } from '../../../support/cases.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { waitFor } from '../../../support/service-fixture.ts';
import { openArchive } from '../directory/archived-log.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

const docker = useDocker();
const moments = engine.moments as MomentEngine<PostgresComponent>;
const goods: Condition = { kind: 'shrunk', relation: { schema: 'public', name: 'Goods' }, share: 0.5 };

async function withGoods(store: TestStore, options: Parameters<typeof startPostgres>[1]): Promise<{ readonly postgres: TestPostgres; readonly base: PostgresBase }> {
  const postgres = await startPostgres(docker, options);
  await postgres.sql('CREATE TABLE "Goods" AS SELECT n AS id FROM generate_series(1, 100) n; CREATE TABLE other (id int)');
  return { postgres, base: await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase };
}

const asked = (log: KeptLog, until: bigint, more: Partial<SurveyRequest> = {}): SurveyRequest =>
  ({ ...log, timeline: 1, changes: 'any', since: parseLsn(log.backup.range.end) ?? 0n, until, sinceAt: null, untilAt: null, ...more });

const xidsOf = ({ commits }: LogSurvey): readonly string[] => commits.map(({ xid }) => xid);

cases(['postgres:18'], ['postgres:15'])('of %s: rows deleted in a subtransaction, and a prepared TRUNCATE behind it', async (image) => {
  await using store = await openStore();
  await using archive = await openArchive();
  const { postgres, base } = await withGoods(store, { ...archive.options, image });
  const deleted = await postgres.sql('BEGIN; SAVEPOINT a; DELETE FROM "Goods" WHERE id > 40; RELEASE a; SELECT pg_current_xact_id(); COMMIT');
  const truncated = await postgres.sql('BEGIN; TRUNCATE "Goods"; SELECT pg_current_xact_id(); PREPARE TRANSACTION \'p\'');
  await postgres.sql('COMMIT PREPARED \'p\'');
  await postgres.sql('INSERT INTO other VALUES (1)');
  const log: KeptLog = { backup: base, files: await archive.files(postgres), archive: archive.archive };
  const ctx = contextOf(docker, new Map(), { run: `find-${image.replace(':', '-')}` });
  const { lastRecord } = await moments.readLogEnd(ctx, log);
  const survey = await moments.surveyLog(ctx, asked(log, lastRecord, { changes: 'shrunk' }));
  expect(xidsOf(survey)).toEqual([deleted, truncated]);
  const bracket: Bracket = { low: null, high: { lsn: lastRecord, inclusive: true }, highKnown: false };
  const stops = planPass(bracket, survey);
  const looks = await moments.lookAlong(ctx, postgres.component, { ...log, source: store.source, timeline: 1, stops, condition: goods });
  // Before the TRUNCATE is before its lock: behind that nobody could count.
  expect(looks.map(({ value }) => value)).toEqual([100, 40, 40, 0, 0]);
  expect(readPass(bracket, survey, stops, looks.map(({ value }) => Number(value) >= 50))).toMatchObject({ kind: 'found', commit: { xid: deleted } });
  expect(readPass(bracket, survey, stops, looks.map(({ value }) => Number(value) > 0))).toMatchObject({ kind: 'found', commit: { xid: truncated } });
  expect(BigInt(looks[1]?.nextXid ?? 0)).toBeGreaterThan(BigInt(deleted));
  expect(await findScratchOf(docker.runtime, ctx.owner)).toEqual([]);
});

test('of 17: a TRUNCATE that others commit beside, while nobody can count', { tags: 'long' }, async () => {
  await using store = await openStore();
  await using archive = await openArchive();
  const { postgres, base } = await withGoods(store, archive.options);
  await postgres.sql('CREATE EXTENSION dblink');
  // As long as it takes: rows of another table go meanwhile, each in a transaction of its own.
  const beside = 'SELECT count(dblink_exec(\'dbname=app user=postgres\', format(\'INSERT INTO other VALUES (%s); DELETE FROM other WHERE id = %s\', n, n))) FROM generate_series(1, 20) n';
  const truncated = await postgres.sql(`BEGIN; CREATE TABLE mine AS SELECT 1 AS n; TRUNCATE "Goods"; ${beside} \\g /dev/null\nINSERT INTO "Goods" VALUES (1), (2); SELECT pg_current_xact_id(); COMMIT`);
  await postgres.sql('DELETE FROM other');
  const log: KeptLog = { backup: base, files: await archive.files(postgres), archive: archive.archive };
  const ctx = contextOf(docker, new Map(), { run: 'find-beside' });
  const { lastRecord } = await moments.readLogEnd(ctx, log);
  let bracket: Bracket = { low: null, high: { lsn: lastRecord, inclusive: true }, highKnown: false };
  let tables: readonly string[] = [];
  const ends: string[] = [];
  for (let pass = 1; pass <= 4; pass += 1) {
    const survey = await moments.surveyLog(ctx, asked(log, lastRecord, { changes: 'shrunk', tables }));
    expect(survey.commits.length).toBeGreaterThan(20);
    const stops = planPass(bracket, survey);
    const looks = await moments.lookAlong(ctx, postgres.component, { ...log, source: store.source, timeline: 1, stops, condition: goods });
    const narrowed = readPass(bracket, survey, stops, looks.map(({ value }) => (value === null ? null : Number(value) >= 50)));
    ends.push(narrowed.kind);
    if (narrowed.kind === 'found') expect(narrowed.commit.xid).toBe(truncated);
    if (narrowed.kind !== 'bracket') break;
    bracket = narrowed.bracket;
    tables = looks.find(({ value }) => value === 100)?.tables ?? tables;
  }
  expect([tables.length, ends.at(-1)]).toEqual([1, 'found']);
});

test('of 17: more of it than is unpacked at once; a table that is locked, a query that is none, a segment that is damaged', { tags: 'long' }, async () => {
  await using store = await openStore();
  await using archive = await openArchive();
  // Every commit is named: none of a vacuum's is among them.
  const { postgres, base } = await withGoods(store, { ...archive.options, args: [...archive.options.args, '-c', 'autovacuum=off'] });
  const xids: string[] = [];
  for (let segment = 0; segment < 10; segment += 1) xids.push(...(await postgres.sql('INSERT INTO other VALUES (1) RETURNING pg_current_xact_id(); SELECT pg_switch_wal()')).split('\n').slice(0, 1));
  // Records that lie across the boundaries of segments.
  xids.push((await postgres.sql('BEGIN; INSERT INTO other SELECT generate_series(1, 500000); SELECT pg_current_xact_id(); COMMIT')).trim());
  // Two transactions that overlap: nobody can tell what the first held between the second's commit and its own.
  const held = postgres.sql('BEGIN; TRUNCATE "Goods"; SELECT pg_current_xact_id(); DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM other WHERE id = -2) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$; COMMIT');
  await waitFor(async () => (await postgres.sql('SELECT count(*) FROM pg_locks WHERE mode = \'AccessExclusiveLock\' AND granted AND relation = \'"Goods"\'::regclass')) === '1');
  const between = (await postgres.sql('INSERT INTO other VALUES (-2) RETURNING pg_current_xact_id()')).trim();
  xids.push(between, (await held).trim());
  const log: KeptLog = { backup: base, files: await archive.files(postgres), archive: archive.archive };
  const ctx = contextOf(docker, new Map(), { run: 'find-17' });
  const { lastRecord } = await moments.readLogEnd(ctx, log);
  const survey = await moments.surveyLog(ctx, asked(log, lastRecord));
  expect([xidsOf(survey), survey.complete]).toEqual([xids, true]);
  const [other, truncation] = survey.commits.slice(-2);
  expect(truncation?.lockedFrom).toBeLessThan(other?.lsn ?? 0n);
  // To an instant: what was committed behind it does not count, and where it ends is told.
  expect(await moments.surveyLog(ctx, asked(log, lastRecord, { untilAt: survey.commits[9]?.at ?? null, since: (survey.commits[7]?.lsn ?? 0n) }))).toEqual({ commits: survey.commits.slice(7, 10), complete: true, cut: survey.commits[10]?.lsn });

  const look = (condition: Condition, lsn: bigint, inclusive: boolean): Promise<readonly Look[]> =>
    moments.lookAlong(ctx, postgres.component, { ...log, source: store.source, timeline: 1, stops: [{ lsn, inclusive }], condition });
  expect((await look(goods, truncation?.lsn ?? 0n, false)).map(({ value }) => value)).toEqual([null]);
  await failing('InvalidInput', look({ kind: 'sql', sql: 'SELECT true); COPY other TO PROGRAM \'false\'; --' }, lastRecord, true));
  expect(await look({ kind: 'sql', sql: 'SELECT count(*) > 1 FROM nowhere' }, lastRecord, true)).toMatchObject([{ value: false, note: expect.stringContaining('nowhere') as string }]);

  const file = log.files.find(({ name }) => name.endsWith('6')) as KeptLog['files'][number];
  await rm(join(archive.directory, file.path));
  await writeFile(join(archive.directory, file.path), Buffer.alloc(file.sizeBytes - 1));
  await appendFile(join(archive.directory, file.path), 'x');
  await failing('ArtifactDamaged', moments.surveyLog(ctx, asked(log, lastRecord)));
  expect(await findScratchOf(docker.runtime, ctx.owner)).toEqual([]);
});

test('a query is not asked of a copy whose indexes another library wrote; of the backup\'s own image it is', async () => {
  await using store = await openStore();
  await using archive = await openArchive();
  const postgres = await startPostgres(docker, archive.options);
  await postgres.sql('CREATE TABLE words (word text COLLATE "de-x-icu" PRIMARY KEY); INSERT INTO words VALUES (\'a\'); UPDATE pg_collation SET collversion = \'1.0\' WHERE collname = \'de-x-icu\'');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('CREATE TABLE behind_it (id int)');
  const log: KeptLog = { backup: base, files: await archive.files(postgres), archive: archive.archive };
  const ctx = contextOf(docker, new Map(), { run: 'find-sorted' });
  const { lastRecord } = await moments.readLogEnd(ctx, log);
  const look = (backup: PostgresBase): Promise<readonly Look[]> =>
    moments.lookAlong(ctx, postgres.component, { ...log, backup, source: store.source, timeline: 1, stops: [{ lsn: lastRecord, inclusive: true }], condition: { kind: 'sql', sql: 'SELECT count(*) = 1 FROM words WHERE word = \'a\'' } });
  expect((await look(base)).map(({ value }) => value)).toEqual([true]);
  const { fields } = await failing('VersionMismatch', look({ ...base, server: { ...base.server, imageId: `sha256:${'0'.repeat(64)}` } }));
  expect(fields.cause).toContain('de-x-icu in app 1.0');
  expect(await findScratchOf(docker.runtime, ctx.owner)).toEqual([]);
});
