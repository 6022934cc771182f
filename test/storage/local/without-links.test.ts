/**
 * A file system without hard links, recognised by its own answer. This kernel has none that could be mounted (no vfat, exfat or minix), so `link` itself is made to
 * answer what those answer; everything else is the real file system.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { failing } from '../../support/failing.ts';
import { describeStorage } from '../../suites/storage-suite.ts';

const answer = vi.hoisted(() => ({ code: 'EPERM', calls: 0 }));
vi.mock('node:fs/promises', async (original) => ({
  ...await original<typeof import('node:fs/promises')>(),
  link: async () => {
    answer.calls += 1;
    throw Object.assign(new Error(answer.code), { code: answer.code });
  },
}));

async function open() {
  answer.code = 'EPERM';
  const directory = await mkdtemp(join(tmpdir(), 'holdfast test storage '));
  return { directory, storage: createLocalStorage(directory), remove: () => rm(directory, { recursive: true, force: true }) };
}

describeStorage('a file system without hard links', open);

describe('a file system whose link answers', () => {
  it.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])('%s does without, and leaves no claim behind', async (code) => {
    const { directory, storage, remove } = await open();
    answer.code = code;
    answer.calls = 0;
    await storage.createExclusive('x', Buffer.from('x'));
    await failing('AlreadyExists', storage.createExclusive('x', Buffer.from('y')));
    expect(answer.calls).toBe(2);
    expect(await readdir(directory)).toEqual(['.tmp', 'x']);
    await remove();
  });

  it.each([['EIO', 'RepositoryUnreachable'], ['ENOSPC', 'DiskFull'], ['EROFS', 'RepositoryUnreachable'], ['EDQUOT', 'DiskFull']] as const)('%s fails as %s and shows nothing', async (code, type) => {
    const { directory, storage, remove } = await open();
    answer.code = code;
    await failing(type, storage.createExclusive('x', Buffer.from('x')));
    expect([await readdir(directory), await readdir(join(directory, '.tmp'))]).toEqual([['.tmp'], []]);
    await remove();
  });
});
