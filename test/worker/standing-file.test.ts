/** How what is looked after stands, left for whoever asks: on a real file system, also one that takes nothing. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AofStatus } from '../../src/domain/aof/aof-status.ts';
import { keepRounds, leaveLogWish, readAofStatus, readLogWish } from '../../src/worker/standing-file.ts';

let directory: string;
/** Of a path below a file nothing can be made, whoever asks. */
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-standing-'));
  file = join(directory, 'file');
  await writeFile(file, '');
});
afterEach(() => rm(directory, { recursive: true }));

const standing: AofStatus = { format: 1, service: 'shop', component: 'redis', lookedAt: '2026-11-30T21:00:00.000Z', follower: 'running', failure: null, repositories: [] };

/** So many rounds, each of which may do something; then its end. */
async function rounds(state: string, count: number, each: (round: number) => Promise<void> = async () => undefined): Promise<number> {
  const end = new AbortController();
  let round = 0;
  await keepRounds([{ round: async () => {
    round += 1;
    await each(round);
    if (round === count) end.abort();
    return standing;
  } }], state, 'aof', 1, end.signal);
  return round;
}

test('stands there after each round, and that it has ended after the last', async () => {
  const seen: unknown[] = [];
  await rounds(directory, 2, async () => void seen.push(await readAofStatus(directory, 'shop', 'redis')));
  expect([...seen, await readAofStatus(directory, 'shop', 'redis')]).toEqual([null, standing, { ...standing, ended: true }]);
});

test('where nothing can be written the rounds go on, and it stands there as soon as something can', async () => {
  expect(await rounds(file, 3)).toBe(3);
  expect(await rounds(file, 3, async (round) => {
    if (round === 2) await rm(file);
  })).toBe(3);
  expect(await readAofStatus(file, 'shop', 'redis')).toEqual({ ...standing, ended: true });
});

test('what could not be put in its place leaves nothing beside it', async () => {
  await mkdir(join(directory, 'aof', 'shop.redis.json', 'in the way'), { recursive: true });
  await rounds(directory, 2);
  expect(await readdir(join(directory, 'aof'))).toEqual(['shop.redis.json']);
});

test('a round that fails ends them all: that is a mistake, and nobody would see it', async () => {
  await expect(rounds(directory, 3, async () => { throw new Error('a mistake'); })).rejects.toThrow('a mistake');
});

test('a wish that cannot be written is none', async () => {
  await leaveLogWish(file, 'shop', 'postgres', standing.lookedAt);
  expect(await readLogWish(file, 'shop', 'postgres')).toBeNull();
});
