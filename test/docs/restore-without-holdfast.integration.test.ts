/** Runs the commands of docs/restore-without-holdfast.md, as they stand there, against a backup that Holdfast took (G5). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../src/containers/container-runtime.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { DockerScope } from '../support/docker.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'restore-without-holdfast.md'), 'utf8');
const scope = new DockerScope();
const bare: string[] = [];
let service: WalService;
let backup: TakeBackupResult;
let base: TakeBackupResult;
let incremental: TakeBackupResult;
let accident: string;

/** The sh blocks below a heading, in order. */
function blocksUnder(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((candidate) => candidate.startsWith(heading));
  const blocks = [...(section ?? '').matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) => text ?? '');
  if (blocks.length === 0) throw new Error(`the page has no commands under "${heading}"`);
  return blocks;
}

/** As one script. */
const commandsUnder = (heading: string): string => blocksUnder(heading).join('');

/** A machine with nothing but the database's own tools and the repository, read-only. */
async function bareMachine(image: string, spec: Partial<ContainerSpec>, { backupId }: TakeBackupResult = backup): Promise<(script: string) => Promise<string>> {
  const mounts = [{ type: 'bind', source: service.repositoryPath, target: '/repository', readOnly: true }] as const;
  const id = await scope.create({ imageId: await scope.image(image), command: [], mounts, ...spec });
  bare.push(id);
  await scope.runtime.start(id);
  const environment = { BACKUP: `/repository/${service.name}/backups/${backupId}`, DATABASE: 'shop_restored', WORK: '/var/tmp/restore', DATA: '/var/tmp/redis-data', SERVER: '/var/tmp/postgres-data', PGUSER: 'postgres' };
  return async (script) => {
    const { exitCode, stdout, stderr } = await scope.runtime.exec(id, { argv: ['sh', '-eu', '-c', script], environment, timeoutMs: 120_000 });
    if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stderr || stdout}`);
    return stdout.trim();
  };
}

describe('docs/restore-without-holdfast.md', () => {
  beforeAll(async () => {
    service = await startWalService();
    await service.sql(`CREATE ROLE shop_app LOGIN PASSWORD 'app'; CREATE TYPE state AS ENUM ('new', 'paid');
      CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state state, total numeric(10, 2)); ALTER TABLE orders OWNER TO shop_app;
      INSERT INTO orders (state, total) SELECT 'paid', n * 1.10 FROM generate_series(1, 1000) n; SELECT lo_from_bytea(0, 'large');`);
    await service.redisCli('MSET', ...Array.from({ length: 50 }, (_, key) => [`key:${key}`, `value ${key}`]).flat());
    await service.sql('ALTER SYSTEM SET summarize_wal = on');
    await service.sql('SELECT pg_reload_conf()');
    const stopKeeping = await service.startKeeping();
    backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name, prove: false });
    base = await service.run<TakeBackupResult>('takeBackup', { service: service.name, prove: false, kind: 'base' });
    await service.sql('UPDATE orders SET total = total + 1 WHERE id = 7');
    incremental = await service.run<TakeBackupResult>('takeBackup', { service: service.name, prove: false, kind: 'incremental' });
    await service.sql('UPDATE orders SET total = total - 1 WHERE id = 7');
    await service.sql('CREATE TABLE visits (id int); INSERT INTO visits VALUES (1); SELECT pg_switch_wal()');
    await service.sql('INSERT INTO visits VALUES (2)');
    accident = (await service.sql('BEGIN; DELETE FROM visits; SELECT pg_current_xact_id(); COMMIT;')).trim();
    await service.sql('INSERT INTO visits VALUES (3)');
    await service.kept();
    // Nobody replaces the newest part of the log while the commands below read it.
    await stopKeeping();
  });
  afterAll(async () => {
    for (const id of bare) await scope.runtime.remove(id);
    await service?.stop();
  });

  it('finds every byte right, and a changed one wrong', async () => {
    const run = await bareMachine('redis:8', { command: ['redis-server'] });
    expect(await run(commandsUnder('1.'))).toMatch(/dump\.tar: OK[^]*globals\.sql: OK/);
    const changed = `cp -r "$BACKUP" /var/tmp/changed; BACKUP=/var/tmp/changed; printf x >>"$(ls /var/tmp/changed/redis/*/*)"\n`;
    await expect(run(changed + commandsUnder('1.'))).rejects.toThrow('did NOT match');
    await expect(run(`sed -i 's/"service":"/"service":"x/' /var/tmp/changed/manifest.json; BACKUP=/var/tmp/changed\n${commandsUnder('1.')}`)).rejects.toThrow('exit 1');
  });

  it('brings PostgreSQL back', async () => {
    const run = await bareMachine('postgres:17', { command: ['postgres', '-c', 'max_connections=20'], environment: { POSTGRES_PASSWORD: 'bare' } });
    await waitFor(async () => (await run('psql -X -h 127.0.0.1 -d postgres -c "SELECT 1"')) !== '');
    await run(commandsUnder('2.'));
    const ask = (sql: string) => run(`psql -X -A -t -d "$DATABASE" -c "${sql}"`);
    expect(await ask('SELECT count(*), sum(total) FROM orders')).toBe(await service.sql('SELECT count(*), sum(total) FROM orders'));
    expect(await ask("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'")).toBe('shop_app');
    expect(await ask('SELECT count(*) FROM pg_largeobject_metadata')).toBe('1');
  });

  it('brings a whole server back from a base backup', async () => {
    const run = await bareMachine('postgres:17', { command: ['sleep', '600'], entrypoint: [] }, base);
    expect(await run(commandsUnder('1.'))).toMatch(/backup_manifest: OK[^]*base\.tar\.zst: OK/);
    expect(await run(commandsUnder('4.'))).toMatch(/^ *f +\|/m);
    await run('runuser -u postgres -- pg_ctl -D "$SERVER" -o "-p 5433" -l "$SERVER/startup.log" -w start');
    expect(await run('psql -X -A -t -p 5433 -d shop -c "SELECT count(*), sum(total) FROM orders"')).toBe(await service.sql('SELECT count(*), sum(total) FROM orders'));
  });

  it('brings a whole server back from an incremental one', { tags: 'long' }, async () => {
    expect(incremental.incremental).toEqual({ parent: base.backupId });
    const run = await bareMachine('postgres:17', { command: ['sleep', '600'], entrypoint: [] }, incremental);
    expect(await run(commandsUnder('1.'))).toMatch(/backup_manifest: OK[^]*base\.tar\.zst: OK/);
    await run(commandsUnder('5.'));
    await run('runuser -u postgres -- pg_ctl -D "$SERVER" -o "-p 5433 -c archive_mode=off" -l "$SERVER/startup.log" -w start');
    expect(await run('psql -X -A -t -p 5433 -d shop -c "SELECT count(*), sum(total) - 1 FROM orders"')).toBe(await service.sql('SELECT count(*), sum(total) FROM orders'));
  });

  it('brings a server to any second, by a base backup and the log', async () => {
    const run = await bareMachine('postgres:17', { command: ['sleep', '600'], entrypoint: [] }, base);
    const system = (await service.sql('SELECT system_identifier FROM pg_control_system()')).trim();
    const where = `export LOG=/repository/${service.name}/wal/postgres/${system} TARGET='recovery_target_xid = ${accident}\nrecovery_target_inclusive = off'\n`;
    await run(blocksUnder('4.')[0] ?? '');
    const damaged = `${where}cp -r "$LOG" /var/tmp/damaged; piece=$(find /var/tmp/damaged -name '*.zst' | sort | tail -n 1); zstd -dcq "$piece" | tr '\\000' x | zstd -q >/var/tmp/changed; mv /var/tmp/changed "$piece"; LOG=/var/tmp/damaged\n`;
    await expect(run(damaged + (blocksUnder('6.')[0] ?? ''))).rejects.toThrow('did NOT match');
    expect(await run(where + commandsUnder('6.'))).toMatch(/^ *paused +\|/m);
    expect(await run("psql -X -A -t -p 5433 -d shop -c \"SELECT string_agg(id::text, ',' ORDER BY id) FROM visits\"")).toBe('1,2');
  });

  it('brings Redis back, with an append-only file that a production server starts from', async () => {
    const run = await bareMachine('redis:8', { command: ['redis-server'] });
    expect(await run(commandsUnder('3.'))).toContain('db0:keys=50');
    expect(await run(`redis-server --port 6400 --dir "$DATA" --appendonly yes --daemonize yes >/dev/null
      until redis-cli -e -p 6400 INFO persistence 2>/dev/null | grep -q '^loading:0'; do sleep 0.1; done
      redis-cli -e -p 6400 GET key:49; redis-cli -e -p 6400 DBSIZE`)).toBe('value 49\n50');
  });
});
