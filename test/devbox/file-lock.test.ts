import { mkdtempSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFileLock } from '../../devbox/file-lock.ts';

/** Where it comes to be free: a machine that stands still for some seconds makes no refusal of that. */
const patienceMs = 30_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('work under one lock takes turns', async () => {
  const file = join(folder, 'a.lock');
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside -= 1;
  };
  await Promise.all([1, 2, 3].map(() => withFileLock(file, patienceMs, work)));
  expect(most).toBe(1);
  expect(existsSync(file)).toBe(false);
});

test('the lock of a process that died is taken over', async () => {
  const file = join(folder, 'b.lock');
  writeFileSync(file, `${process.pid}:1`);
  await expect(withFileLock(file, patienceMs, async () => 'done')).resolves.toBe('done');
});

test('a lock that stays taken is a clear refusal', async () => {
  const file = join(folder, 'c.lock');
  const holder = withFileLock(file, 1_000, () => new Promise((resolve) => setTimeout(resolve, 600)));
  await expect(withFileLock(file, 150, async () => 'never')).rejects.toThrow(/has held/);
  await holder;
});

test('a failure of the work frees the lock', async () => {
  const file = join(folder, 'd.lock');
  await expect(withFileLock(file, 100, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(existsSync(file)).toBe(false);
});
