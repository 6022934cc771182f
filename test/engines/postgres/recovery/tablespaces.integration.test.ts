/** Tablespaces that a server made behind its base backup: their directories are none of what is recovered from, and none that a recovery may write to (databases.md P12). */
import { expect, test } from 'vitest';
import { createCopyServer, findCopies, removeCopy } from '../../../../src/containers/copies.ts';
import { findScratchOf } from '../../../../src/containers/scratch.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import { parseLsn } from '../../../../src/domain/wal/lsn.ts';
import type { MomentEngine, MomentRecovery } from '../../../../src/engines/moment-engine.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { openArchive } from '../directory/archived-log.ts';
import { contextOf, engine, openStore, startPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const { runtime } = docker;
const moments = engine.moments as MomentEngine<PostgresComponent>;

test('one made and dropped again is gone along with; one that is there at the moment is in every copy, and not restored; what lies on the live volume is not touched', async () => {
  await using store = await openStore();
  await using log = await openArchive();
  const postgres = await startPostgres(docker, { image: 'postgres:18', ...log.options });
  const shell = async (command: string): Promise<string> => (await runtime.exec(postgres.id, { argv: ['sh', '-ec', command], timeoutMs: 20_000 })).stdout.trim();
  await postgres.sql('CREATE TABLE kept (id int)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  // One on a file system of its own, one beside the data directory on its volume.
  await shell('install -d -o postgres /srv/far /var/lib/postgresql/near');
  await postgres.sql('CREATE TABLESPACE "far away" LOCATION \'/srv/far\'');
  await postgres.sql('CREATE TABLESPACE near LOCATION \'/var/lib/postgresql/near\'');
  await postgres.sql('CREATE TABLE placed TABLESPACE "far away" AS SELECT 41 AS n; CREATE TABLE beside TABLESPACE near AS SELECT 1 AS n; INSERT INTO kept VALUES (1)');
  const between = parseLsn(await postgres.sql('SELECT pg_current_wal_insert_lsn()')) as bigint;
  await postgres.sql('DROP TABLE placed, beside');
  await postgres.sql('DROP TABLESPACE "far away"');
  await postgres.sql('DROP TABLESPACE near');
  await postgres.sql('INSERT INTO kept VALUES (2)');
  const after = parseLsn(await postgres.sql('SELECT pg_current_wal_insert_lsn()')) as bigint;
  await postgres.sql('INSERT INTO kept VALUES (3)');
  // What somebody may keep there meanwhile.
  await shell('echo theirs >/var/lib/postgresql/near/file');
  const files = await log.files(postgres);
  const to = (lsn: bigint): MomentRecovery => ({ backup: base, source: store.source, files, archive: log.archive, timeline: 1, target: { kind: 'lsn', lsn }, inclusive: false });
  const near = (): Promise<string> => shell('find /var/lib/postgresql/near /srv/far ! -type d; ls /var/lib/postgresql/near /var/lib/postgresql/18/docker/pg_tblspc');
  const untouched = await near();

  const ctx = contextOf(docker, new Map(), { run: 'spaces' });
  const { fields } = await failing('UnsupportedTopology', moments.recover(ctx, postgres.component, to(between)));
  expect(fields.cause).toBe('at that moment it has 2 tablespaces outside of its data directory: far away at /srv/far, near at /var/lib/postgresql/near');
  expect([await findScratchOf(runtime, ctx.owner), await shell('ls /var/lib/postgresql/18/docker | grep holdfast || :'), await near()]).toEqual([[], '', untouched]);

  const looks = await moments.lookAlong(contextOf(docker, new Map(), { run: 'looks' }), postgres.component, {
    backup: base, source: store.source, files, archive: log.archive, timeline: 1, stops: [{ lsn: between, inclusive: false }, { lsn: after, inclusive: false }], condition: { kind: 'sql', sql: 'SELECT (SELECT n FROM placed) = 41' },
  });
  expect(looks).toMatchObject([{ value: true }, { value: false, note: expect.stringContaining('placed') }]);

  const { reached } = await moments.recover(ctx, postgres.component, to(after));
  const { cutOver: own } = await moments.finish(ctx, postgres.component, to(after), reached);
  await engine.requireReady(ctx, postgres.component, own);
  await engine.close(ctx, postgres.component, own);
  await engine.swap(ctx, postgres.component, own);
  await engine.open(ctx, postgres.component, own);
  expect([await postgres.sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept'), await near()]).toEqual(['1,2', untouched]);
  await engine.discardRollback(ctx, postgres.component, own as PostgresDirectoryCutOver);

  // A copy has them in its own volume, also after a restart of the host.
  const clone = contextOf(docker, new Map(), { run: 'clone' });
  const server = await engine.copies.server(clone, postgres.component, base);
  const { id, name } = await createCopyServer(runtime, { ...server, identity: { maker: clone.owner, service: clone.service, copy: docker.id }, component: 'postgres', point: 'between', hostPort: null, signal: clone.signal });
  await engine.copies.fill(clone, postgres.component, { backup: base, source: store.source, moment: to(between) }, name);
  await runtime.start(id);
  await engine.copies.waitUntilReady(clone, postgres.component, id, 0);
  const asked = await runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', 'INSERT INTO placed VALUES (1); SELECT sum(n), pg_tablespace_location(oid) FROM placed, pg_tablespace WHERE spcname = \'far away\' GROUP BY oid'], timeoutMs: 20_000 });
  expect(asked.stdout.trim().split('\n').at(-1)).toMatch(/^42\|\/var\/lib\/holdfast-copy\/tablespaces\/log-[0-9a-f]{16}$/);
  for (const copy of await findCopies(runtime, { copy: docker.id })) await removeCopy(runtime, copy);
}, 400_000);
