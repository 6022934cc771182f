/** A repository that is too small, in earnest: a file system in memory, mounted where the repository is. Needs the right to mount (CAP_SYS_ADMIN). */
import { execFile } from 'node:child_process';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureKinds } from '../../src/domain/failures.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { runToEnd } from '../chaos/stage/drive.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;
let service: ServiceFixture;
let mounted = false;

/** Rows that nothing compresses: also the same ones again, for a dump's compression looks back half a MiB only. */
const noise = `INSERT INTO noise SELECT decode(string_agg(md5(random()::text), ''), 'hex') FROM generate_series(1, 262144) n GROUP BY n % 256`;
const doubled = 'INSERT INTO noise SELECT bytes FROM noise';

beforeAll(async () => {
  service = await startServiceFixture();
  await run('mount', ['-t', 'tmpfs', '-o', `size=${96 * mebibyte},mode=0700`, 'tmpfs', service.repositoryPath]);
  mounted = true;
  await service.sql('CREATE TABLE noise (bytes bytea); ALTER TABLE noise ALTER COLUMN bytes SET STORAGE EXTERNAL');
  await service.sql(noise);
  await service.startWorker();
});
afterAll(async () => {
  if (mounted) await run('umount', ['-l', service.repositoryPath]);
  await service?.stop();
});

/** How a backup ends while only so many bytes are free; then the ballast goes. */
async function backUpWithFree(freeBytes: number): Promise<{ readonly failure: string | null; readonly message: string }> {
  const { bavail, bsize } = await statfs(service.repositoryPath);
  const ballast = join(service.repositoryPath, 'ballast');
  await writeFile(ballast, Buffer.alloc(bavail * bsize - freeBytes));
  try {
    const handle = await service.start('takeBackup', { service: service.name });
    const { failure, message } = await runToEnd(service, handle, 120_000);
    return { failure, message };
  } finally {
    await rm(ballast);
  }
}

const stored = (): Promise<readonly string[]> => readdir(join(service.repositoryPath, service.name, 'backups'));

test('what does not fit is refused before it is dumped, what runs full all the same leaves nothing, and with room it goes on', async () => {
  const first = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  expect(first.sizeBytes).toBeGreaterThan(4 * mebibyte);

  const refused = await backUpWithFree(2 * mebibyte);
  expect(refused.failure).toBe('NotEnoughSpace');
  expect(failureKinds.NotEnoughSpace.exit).toBe('refused');
  expect(refused.message).toMatch(/4\.\dMB .*[12]\.\dMB are free/);
  expect(await stored()).toEqual([first.backupId]);

  // Grown since the last backup, which is all that a prediction can go by.
  for (let round = 0; round < 3; round += 1) await service.sql(doubled);
  const full = await backUpWithFree(16 * mebibyte);
  expect(full.failure).toBe('DiskFull');
  expect(await stored()).toEqual([first.backupId]);
  expect(await service.leftovers()).toEqual([]);

  const second = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  expect(second.backups).toBe(2);
});
