/** What is synced before a caller is told that its object is kept. The file system is the real one; only its syncs are watched, and made to fail. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRepository } from '../../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import type { BackupStorage } from '../../../src/storage/storage.ts';
import { failing } from '../../support/failing.ts';

const disk = vi.hoisted(() => ({ events: [] as { what: string; path: string }[], failing: (_path: string): boolean => false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    open: async (...parameters: Parameters<typeof real.open>) => {
      const path = String(parameters[0]);
      const handle = await real.open(...parameters);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        if (disk.failing(path)) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        disk.events.push({ what: 'sync', path });
        await sync();
      };
      return handle;
    },
    link: async (existing: string, created: string) => {
      await real.link(existing, created);
      disk.events.push({ what: 'visible', path: created });
    },
    rename: async (from: string, to: string) => {
      await real.rename(from, to);
      disk.events.push({ what: 'visible', path: to });
    },
  };
});

describe.each([{ withoutLinks: false }, { withoutLinks: true }])('a directory ($withoutLinks)', (options) => {
  let directory: string;
  let storage: BackupStorage;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast test storage '));
    storage = createLocalStorage(directory, options);
    disk.events.length = 0;
    disk.failing = () => false;
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** What happened, temporary files and claims by their kind. */
  const events = (): readonly string[] => disk.events.map(({ what, path }) => {
    const name = relative(directory, path);
    return `${what} ${name === '' ? '.' : name.startsWith('.tmp/') ? 'temporary' : name}`;
  }).filter((event) => !event.endsWith('.claim'));

  it.each(['createExclusive', 'putStream', 'a second writer'])('syncs the bytes and the way to them before it shows them, and the name before it answers (%s)', async (how) => {
    if (how === 'a second writer') {
      await storage.createExclusive('a/b/other', Buffer.from('y'));
      disk.events.length = 0;
    }
    if (how === 'putStream') await storage.putStream('a/b/object', Readable.from(['x']));
    else await storage.createExclusive('a/b/object', Buffer.from('x'));
    const seen = events();
    const visible = seen.indexOf('visible a/b/object');
    for (const before of ['sync temporary', 'sync a', 'sync .']) expect(seen.slice(0, visible), before).toContain(before);
    expect(seen.slice(visible + 1)).toEqual(['sync a/b']);
  });

  it.each(['the bytes', 'a parent', 'the root'])('shows nothing where syncing fails (%s)', async (what) => {
    await makeTemporaryDirectory(storage);
    disk.failing = (path) => (what === 'the bytes' ? path.includes('/.tmp/') : what === 'a parent' ? path === join(directory, 'a') : path === directory);
    await failing('RepositoryUnreachable', storage.createExclusive('a/b/object', Buffer.from('x')));
    disk.failing = () => false;
    expect(await storage.stat('a/b/object')).toBeNull();
    expect(await readdir(join(directory, '.tmp'))).toEqual([]);
  });

  it('takes no retry for a success while the name is not durable', async () => {
    const repository = createRepository('nas', storage);
    await repository.open();
    const claim = () => repository.recordRollback({ format: 1, service: 'shop', operation: 'restore', workflowId: 'w', runId: 'r', namespaceId: 'n', backupId: null, point: null, cutOvers: [], restartPolicies: [], createdRoles: [], undoneRunId: null, recordedAt: 'x' });
    disk.failing = (path) => basename(path) === 'rollbacks';
    for (let attempt = 0; attempt < 3; attempt += 1) await failing('RepositoryUnreachable', claim());
    disk.failing = () => false;
    disk.events.length = 0;
    await claim();
    expect(events()).toContain('sync shop/rollbacks');
  });

  it('adopts a file only with its bytes and its name synced', async () => {
    const attempt = await storage.attemptDirectory('a/b');
    expect(events()).toEqual(expect.arrayContaining(['sync a', 'sync .']));
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(attempt as string, 'dump'), 'x');
    disk.events.length = 0;
    await storage.adopt('a/b/dump');
    expect(events()).toEqual(['sync a/b/dump', 'sync a/b']);
    disk.failing = (path) => path.endsWith('dump');
    await failing('RepositoryUnreachable', storage.adopt('a/b/dump'));
    disk.failing = (path) => path.endsWith('/b');
    await failing('RepositoryUnreachable', storage.adopt('a/b/dump'));
  });
});

/** Makes `.tmp`, so that a failing sync of the root is met by the object's own parents. */
const makeTemporaryDirectory = (storage: BackupStorage): Promise<void> => storage.createExclusive('first', Buffer.from('x'));
