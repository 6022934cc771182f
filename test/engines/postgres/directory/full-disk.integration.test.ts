/** A recovery beside a server on a file system that has too little room, or runs full under it: told before, or by its name, and nothing stays. */
import { expect, test } from 'vitest';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import type { MomentEngine, MomentRecovery } from '../../../../src/engines/moment-engine.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres } from '../postgres-fixture.ts';
import { openArchive } from './archived-log.ts';

const docker = useDocker();
const moments = engine.moments as MomentEngine<PostgresComponent>;
const data = '/var/lib/postgresql/data';
const sizeMiB = 700;

/** A volume of its own size, in memory. */
async function smallVolume(): Promise<string> {
  const name = docker.name('small');
  await docker.engineCall('POST', '/volumes/create', { Name: name, Labels: docker.labels, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: `size=${sizeMiB}m` } });
  return name;
}

test('too little room is told before; room for one copy is room for the next in its place; a disk that runs full is called so, and is as free as before', async () => {
  await using store = await openStore();
  await using log = await openArchive();
  // What is free is left to the megabyte: nothing but the test writes.
  const postgres = await startPostgres(docker, { args: [...log.options.args, '-c', 'autovacuum=off'], dataDirectory: '/unused', mounts: [...log.options.mounts, { type: 'volume', source: await smallVolume(), target: data }] });
  await postgres.sql('CREATE TABLE kept (id int, filling text)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO kept SELECT n, repeat(\'x\', 500) FROM generate_series(1, 150000) n; CHECKPOINT;');
  const ctx = contextOf(docker, new Map(), { run: 'full' });
  const recovery: MomentRecovery = { backup: base, source: store.source, files: await log.files(postgres), archive: log.archive, timeline: 1, target: { kind: 'consistent', backupId: '' }, inclusive: true };
  const toEnd: MomentRecovery = { ...recovery, target: { kind: 'lsn', lsn: (await moments.readLogEnd(ctx, recovery)).lastRecord } };
  const shell = async (command: string): Promise<string> => (await docker.runtime.exec(postgres.id, { argv: ['sh', '-c', command], timeoutMs: 60_000 })).stdout.trim();
  const leave = (mib: number): Promise<string> => shell(`rm -f ${data}/filling; free=$(df -P -m ${data} | awk 'NR == 2 { print $4 }'); fallocate -l $((free - ${mib}))M ${data}/filling`);
  const recover = (what: MomentRecovery) => moments.recover(ctx, postgres.component, what);

  await leave(100);
  expect((await failing('NotEnoughSpace', recover(recovery))).fields.cause).toContain('100MB are free');
  await leave(340);
  await recover(recovery);
  await leave(20);
  await recover(recovery);
  await leave(12);
  expect((await failing('DiskFull', recover(toEnd))).fields.cause).toContain('No space left on device');
  expect(await shell(`ls ${data}`)).not.toContain('pgsql_tmp.holdfast');
  expect(await postgres.sql('SELECT count(*) FROM kept')).toBe('150000');

  await leave(340);
  const { prepared } = await recover(toEnd);
  expect(prepared.loss.notes).toEqual([]);
  await engine.discardPrepared(ctx, postgres.component, prepared.cutOver);
}, 300_000);
