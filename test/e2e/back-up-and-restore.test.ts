/** The main line: a backup, its proof, a disaster, the restore, the way back, and the way forward again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostQueue, longQueue } from '../../src/domain/task-queues.ts';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { loginThatWrites } from '../support/login-that-writes.ts';
import { historyEvents } from '../support/run-history.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;

beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql(`
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
    CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mood mood, extra jsonb, balance numeric(12,2));
    INSERT INTO users (name, mood, extra, balance) SELECT 'user ' || n, 'happy', jsonb_build_object('n', n), n * 1.10 FROM generate_series(1, 2000) n;
    CREATE TABLE orders (id bigserial PRIMARY KEY, user_id int REFERENCES users, placed timestamptz DEFAULT now());
    INSERT INTO orders (user_id) SELECT 1 + n % 2000 FROM generate_series(1, 5000) n;
    CREATE ROLE reporting; GRANT SELECT ON users TO reporting;
    SELECT lo_from_bytea(0, 'large'::bytea); ${loginThatWrites}`);
  await service.redisCli('MSET', ...Array.from({ length: 20 }, (_, n) => [`session:${n}`, `value ${n}`]).flat());
  await service.redisCli('HSET', 'counters', 'orders', '5000');
  await service.startWorker();
});
afterAll(async () => service?.stop());

const contentOf = async () => ({
  users: await service.sql('SELECT count(*), sum(balance) FROM users'),
  orders: await service.sql('SELECT count(*), sum(id) FROM orders'),
  sessions: await service.redisCli('DBSIZE'),
  counter: await service.redisCli('HGET', 'counters', 'orders'),
});

test('a disaster is undone by a restore, the restore by an undo, the undo by a restore', async () => {
  const before = await contentOf();
  const backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name, prove: true });
  expect(backup).toMatchObject({ proof: 'proven', backups: 1 });

  await service.sql('DROP TABLE orders; DELETE FROM users WHERE id > 100');
  await service.redisCli('FLUSHALL');
  await service.sql(`INSERT INTO users (name) VALUES ('after the disaster')`);

  const restore = await service.start<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backup.backupId });
  await service.approve(restore);
  const restored = await restore.result();
  expect(restored.outcome).toBe('restored');
  expect(restored.report?.rtoMs).toBeGreaterThan(0);
  expect(await contentOf()).toEqual(before);
  // Nothing that stands between a closed store and its opening waits for room among the dumps of other services.
  const [own, long] = [hostQueue(service.config.host, service.config.queuePrefix), longQueue(hostQueue(service.config.host, service.config.queuePrefix))];
  const queues = new Map((await historyEvents(restore)).flatMap(({ activityType, taskQueue }) => (activityType === undefined ? [] : [[activityType, taskQueue]])));
  expect(Object.fromEntries(['enterHost', 'verifyComponent', 'prepareComponent', 'closeComponent', 'swapComponent', 'openComponent'].map((type) => [type, queues.get(type)])))
    .toEqual({ enterHost: own, verifyComponent: long, prepareComponent: long, closeComponent: own, swapComponent: own, openComponent: own });

  const undo = await service.start('undoRestore', { service: service.name, run: 'latest' });
  await service.approve(undo);
  await undo.result();
  expect(await service.sql(`SELECT count(*) FROM users WHERE name = 'after the disaster'`)).toBe('1');
  expect(await service.redisCli('DBSIZE')).toBe('0');

  const again = await service.start('restoreBackup', { service: service.name, backup: backup.backupId.slice(0, 13) });
  await service.approve(again);
  await again.result();
  expect(await contentOf()).toEqual(before);
  expect(await service.leftovers()).toEqual([]);

  for (const run of ['latest', 'latest']) {
    const accept = await service.start('acceptRestore', { service: service.name, run });
    await service.approve(accept);
    await accept.result();
  }
  expect(await service.sql(`SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast%'`)).toBe('0');
});
