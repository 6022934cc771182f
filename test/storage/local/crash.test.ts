/** Writers that are killed: what was acknowledged is there, what is there is whole, and the rest can be written again. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';

const writer = fileURLToPath(new URL('./doomed-writer.ts', import.meta.url));

describe.each([{ withoutLinks: false }, { withoutLinks: true }])('a writer that is killed ($withoutLinks)', (options) => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast test storage '));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Lines the writer printed until it was killed, some milliseconds after the n-th. */
  async function killed(mode: string, afterLines: number, delayMs: number): Promise<readonly string[]> {
    const child = spawn(process.execPath, [writer, directory, mode, String(options.withoutLinks), 'run-a'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (lines.length === afterLines) setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    const [code, signal] = await once(child, 'close') as [number | null, string | null];
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
    return lines;
  }

  it('in the middle of a stream leaves nothing visible', async () => {
    await killed('stream', 3, 0);
    const storage = createLocalStorage(directory, options);
    expect([await storage.listNames(''), await storage.stat('shop/stream')]).toEqual([[], null]);
    await storage.putStream('shop/stream', Readable.from(['again']));
    expect((await storage.readSmall('shop/stream', 10)).toString()).toBe('again');
  });

  it('in the middle of a stream leaves what its own run, and no other, removes', async () => {
    await killed('stream', 3, 0);
    const storage = createLocalStorage(directory, options);
    expect((await unfinished(directory)).length).toBeGreaterThan(0);
    expect(await storage.removeTemporaries(['run-b'], dayMs)).toBe(0);
    expect(await storage.removeTemporaries(['run-b', 'run-a'], dayMs)).toBeGreaterThan(0);
    expect([await unfinished(directory), await storage.removeTemporaries(['run-a'], dayMs)]).toEqual([[], 0]);
  });

  it.each([[1, 0], [2, 1], [3, 2], [5, 3], [8, 4], [13, 5], [21, 1]])('after %i objects and %i ms leaves nothing unfinished, claims included, once its run is cleaned up after', async (afterLines, delayMs) => {
    await killed('objects', afterLines, delayMs);
    const storage = createLocalStorage(directory, options);
    const before = await storage.listNames('shop');
    await storage.removeTemporaries(['run-a'], dayMs);
    expect(await unfinished(directory)).toEqual([]);
    expect(await storage.listNames('shop')).toEqual(before);
    // No claim of the dead writer keeps anybody waiting.
    await storage.createExclusive(`shop/${String(before.length).padStart(4, '0')}`, Buffer.from('again'));
  });

  it.each([[1, 0], [2, 1], [3, 2], [5, 3], [8, 4], [13, 5]])('after %i objects and %i ms leaves whole objects only', async (afterLines, delayMs) => {
    const acknowledged = await killed('objects', afterLines, delayMs);
    await ageClaims(directory);
    const storage = createLocalStorage(directory, options);
    const present = await storage.listNames('shop');
    expect(present).toEqual(expect.arrayContaining(acknowledged.map((line) => line.split(' ')[0])));
    for (const line of acknowledged) {
      const [name, sha256] = line.split(' ') as [string, string];
      expect(createHash('sha256').update(await buffer(await storage.openRead(`shop/${name}`))).digest('hex')).toBe(sha256);
    }
    for (const name of present) expect(await storage.stat(`shop/${name}`)).toEqual({ path: `shop/${name}`, sizeBytes: 300_000 });
    const next = `shop/${String(present.length).padStart(4, '0')}`;
    await storage.createExclusive(next, Buffer.from('again'));
    expect((await storage.readSmall(next, 10)).toString()).toBe('again');
  });
});

const dayMs = 86_400_000;

/** Files that no reader sees. */
const unfinished = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true })).filter((name) => name.startsWith('.tmp/') || name.includes('.claim'));

/** A dead writer's claim is honoured for a minute; here that minute is over at once. */
async function ageClaims(directory: string): Promise<void> {
  const longAgo = new Date(Date.now() - 120_000);
  for (const name of await readdir(directory, { recursive: true })) if (name.endsWith('.claim')) await utimes(join(directory, name), longAgo, longAgo);
}
