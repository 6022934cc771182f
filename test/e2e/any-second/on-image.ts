/** Any second, through the runbook and the command line: every kind of point looked at, moved, approved, exchanged, undone; twice, along both timelines; and with a server that is gone for good. On each version of the server in a file of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { moveUpdate, type RestoreToPointInTimeResult } from '../../../src/workflows/restore-to-point-in-time/messages.ts';
import { statusQuery } from '../../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { timelineCause } from '../../../src/domain/wal/needed-base.ts';
import { neededBaseId } from '../../../src/domain/workflow-ids.ts';
import type { Component } from '../../../src/domain/service.ts';
import { shownRunId } from '../../../src/client/run-ids.ts';
import { commandLineOf, type CommandLine } from '../../support/service-command-line.ts';
import { waitFor } from '../../support/service-fixture.ts';
import { startWalService, type WalService } from '../../support/wal-service.ts';

export function anySecondOn(postgresImage: string): void {
  let service: WalService;
  let directory: string;
  let holdfast: CommandLine;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    service = await startWalService({ postgresImage });
    await service.sql('CREATE TABLE orders (id int PRIMARY KEY)');
    stop = await service.startKeeping();
    directory = await mkdtemp(join(tmpdir(), 'holdfast any-second-'));
    holdfast = await commandLineOf(service, directory, { only: 'postgres' });
  });
  afterAll(async () => {
    await service?.stop();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  const orders = (): Promise<string> => service.sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders');
  const now = (): Promise<string> => service.sql('SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')');
  const xidOf = async (statement: string): Promise<string> => (await service.sql(`BEGIN; ${statement}; SELECT pg_current_xact_id(); COMMIT;`)).trim();
  const restore = (input: object) => service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, ...input });
  /** Its run's workflow id: the log's watch computes the same. */
  const baseOf = async (timeline: number): Promise<string> =>
    neededBaseId(service.name, 'postgres', timelineCause(timeline, await service.sql('SELECT system_identifier FROM pg_control_system()')));
  const baseTaken = async ({ newBase }: RestoreToPointInTimeResult): Promise<void> => void await service.client.workflow.getHandle(newBase as string).result();

  test('each kind of point is looked at, an accident undone by coming back to just before it; then along the new timeline, and the old one', async () => {
    await service.redisCli('SET', 'cart', 'of the backup');
    const base = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
    await service.sql('INSERT INTO orders VALUES (1)');
    await service.run('markMoment', { service: service.name, name: 'deploy' });
    await service.sql('INSERT INTO orders VALUES (2)');
    const afterSecond = await now();
    // In its transaction: what commits it begins there or behind.
    const inThird = (await service.sql('BEGIN; INSERT INTO orders VALUES (3); SELECT pg_current_wal_insert_lsn(); COMMIT;')).trim();
    const afterThird = await service.sql('SELECT pg_current_wal_insert_lsn()');
    await service.sql('INSERT INTO orders VALUES (4)');
    const accident = await xidOf('DELETE FROM orders');
    await service.sql('INSERT INTO orders VALUES (5)');
    await service.redisCli('SET', 'cart', 'of later');
    await service.kept();

    const planned = await service.run<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, before: `xid:${accident}`, dryRun: true });
    expect(planned.plan.body).toMatchObject({ moment: { asked: `xid:${accident}`, inclusive: false, timeline: 1, companions: [{ component: 'redis', backupId: base.backupId }] } });
    // Ids of transactions are spent by others too (a vacuum): no fewer than ours.
    expect(Number(planned.plan.body.losses[0]?.transactions)).toBeGreaterThanOrEqual(2);
    expect(await service.leftByRuns()).toEqual([]);

    const run = await restore({ to: `backup:${base.backupId}` });
    await service.waitForPhase(run, 'awaitingApproval');
    const shown = shownRunId(run.workflowId);
    const seen = async (): Promise<unknown> => {
      const { code, stdout, stderr } = await holdfast('query', shown, 'SELECT coalesce(string_agg(id::text, \' \' ORDER BY id), \'none\') AS ids FROM orders', '--json');
      return code === 0 ? (JSON.parse(stdout) as { csv: string }).csv : stderr;
    };
    expect(await seen()).toBe('ids\nnone\n');
    const asked = async (): Promise<string | undefined> => (await run.query(statusQuery)).plan?.body.moment?.asked;
    // The last transaction before each point is there, the first behind it is not.
    for (const [wish, ids] of [[{ to: 'mark:deploy' }, '1'], [{ before: `lsn:${inThird}` }, '1 2'], [{ to: `lsn:${afterThird}` }, '1 2 3'], [{ before: afterSecond }, '1 2']] as const) {
      await run.executeUpdate(moveUpdate, { args: [wish] });
      await waitFor(async () => (await asked()) === Object.values(wish)[0]);
      expect(await seen(), JSON.stringify(wish)).toBe(`ids\n${ids}\n`);
    }
    // Where no way leads it stays where it stands, and says why.
    expect((await holdfast('move', shown, '--to', 'xid:9000000', '--no-watch')).code).toBe(0);
    await waitFor(async () => (await run.query(statusQuery)).events.some(({ text }) => text.startsWith('Not moved')) && (await asked()) === afterSecond);
    expect(await seen()).toBe('ids\n1 2\n');
    const moved = await holdfast('move', '--before', `xid:${accident}`, '--no-watch');
    expect(moved).toMatchObject({ code: 0, stdout: `${shown} goes to xid:${accident}, what happened at it left out. Its plan comes: holdfast watch ${shown}\n` });
    await waitFor(async () => (await asked()) === `xid:${accident}`);
    expect(await seen()).toBe('ids\n1 2 3 4\n');
    expect(await orders()).toBe('5');
    await service.approve(run);
    const back = await run.result();
    expect(back).toMatchObject({ outcome: 'restored', backupId: base.backupId });
    expect(Number(back.report?.setAsideTransactions)).toBeGreaterThanOrEqual(2);
    expect([await orders(), await service.redisCli('GET', 'cart')]).toEqual(['1,2,3,4', 'of the backup']);
    expect(back.newBase).toBe(await baseOf(2));
    await baseTaken(back);

    // On the new timeline, and again, while somebody else has seen to the base backup of the next one already; then along the old one, to what was set aside.
    await service.sql('INSERT INTO orders VALUES (6)');
    const second = await now();
    await service.sql('DROP TABLE orders');
    await service.kept();
    const again = await restore({ to: second, only: ['postgres'] });
    await (await service.client.workflow.start('takeBackup', { workflowId: await baseOf(3), taskQueue: service.taskQueue, args: [{ service: service.name, kind: 'base' }] })).result();
    await service.approve(again);
    const restored = await again.result();
    expect(restored.newBase).toBe(await baseOf(3));
    expect((await again.query(statusQuery)).events.some(({ text }) => text.includes('begun by whoever watches the log'))).toBe(true);
    expect(restored.plan.body).toMatchObject({ moment: { timeline: 2 } });
    expect(await orders()).toBe('1,2,3,4,6');
    await baseTaken(restored);
    const old = await restore({ to: `xid:${accident}`, timeline: 1, only: ['postgres'] });
    await service.approve(old);
    await baseTaken(await old.result());
    expect(await service.sql('SELECT count(*) FROM orders')).toBe('0');

    const undo = await service.start('undoRestore', { service: service.name, run: 'latest' });
    await service.approve(undo);
    await undo.result();
    expect(await orders()).toBe('1,2,3,4,6');
  });

  test('a server that crashes at every start comes back to its last transaction', async () => {
    await service.run('takeBackup', { service: service.name, kind: 'base' });
    await service.sql('INSERT INTO orders VALUES (7)');
    await service.kept();
    const directory = (await service.sql('SHOW data_directory')).trim();
    await service.runtime.exec(service.postgres, { argv: ['dd', 'if=/dev/zero', `of=${directory}/global/pg_control`, 'bs=8192', 'count=1', 'conv=notrunc'], timeoutMs: 10_000 });
    await service.runtime.kill(service.postgres);
    await service.runtime.start(service.postgres);
    // Its restart policy tries again and again.
    await waitFor(async () => (await service.runtime.inspect(service.postgres)).state === 'restarting');
    const run = await restore({ to: 'latest' });
    await service.approve(run);
    const back = await run.result();
    expect(back.plan.body.losses[0]?.notes.join(' ')).toContain('not known');
    expect(await orders()).toBe('1,2,3,4,6,7');
    await baseTaken(back);
    await stop();
    await service.forget();
    expect(await service.leftovers()).toEqual([]);

    // And where not even its container is left: what a backup kept of it is told.
    const [{ wal: _none, ...component }, redis] = [service.component, service.config.services[0]?.components[1] as Component];
    service.define({ components: [component, redis] });
    await service.startWorker();
    await service.runtime.remove(service.postgres);
    const lost = await (await restore({ to: 'latest' })).result().then(() => 'restored', (error: unknown) => String((error as Error).cause));
    expect(lost).toContain(`docker create --name ${component.container} --restart always --network none --env POSTGRES_PASSWORD --env POSTGRES_DB --env POSTGRES_INITDB_ARGS=--no-sync --mount type=volume,source=${component.container}-data,target=`);
  });
}
