/** Who waits for the newest of a log, and who need not: with a keeper that answers as it is told. What a keeper does on a wish: test/worker/wal/log-keeper.test.ts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bringNewestLog } from '../../../src/activities/wal/newest-log.ts';
import type { Component } from '../../../src/domain/service.ts';
import { testTiming } from '../../../src/domain/timing.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';
import { leaveLogWish, readLogWish } from '../../../src/worker/standing-file.ts';

const component: Component = { engine: 'postgres', name: 'postgres', container: 'shop-postgres', database: 'shop', user: 'postgres', wal: 'stream' };
const nowMs = Date.parse('2026-11-29T10:00:00Z');
const now = new Date(nowMs).toISOString();
const kept = (changed: Partial<LogStatus> = {}): LogStatus => ({ lookedAt: now, ...changed }) as LogStatus;

/** A keeper that fulfils what is wished for at the third look, or never. */
async function bring(first: LogStatus | null, { by = component, answers = true, fulfilled = 'wish' }: { readonly by?: Component; readonly answers?: boolean; readonly fulfilled?: string } = {}) {
  const wishes: string[] = [];
  let looks = 0;
  const readLog = async (): Promise<LogStatus | null> => {
    looks += 1;
    const [wish] = wishes;
    return answers && wish !== undefined && looks > 2 ? kept({ brought: fulfilled === 'wish' ? wish : fulfilled }) : first;
  };
  const brought = await bringNewestLog({
    readLog, wishForLog: async (_service, _component, at) => void wishes.push(at), timing: { ...testTiming, walBringMs: 50, pollMs: 10 }, nowMs: () => nowMs,
  }, 'shop', by, AbortSignal.timeout(10_000));
  return { brought, wishes };
}

test('it is wished for, and waited for until it is there', async () => {
  expect(await bring(kept())).toEqual({ brought: true, wishes: [now] });
  expect(await bring(kept({ brought: '2026-11-29T09:59:59.000Z' }))).toEqual({ brought: true, wishes: [now] });
  // A later wish of somebody else is more than this one.
  expect((await bring(kept(), { fulfilled: '2026-11-29T10:00:01.000Z' })).brought).toBe(true);
});

test('what does not come in time is not waited for any longer', async () => {
  expect(await bring(kept(), { answers: false })).toEqual({ brought: false, wishes: [now] });
  expect(await bring(kept(), { fulfilled: '2026-11-29T09:59:59.000Z' })).toEqual({ brought: false, wishes: [now] });
});

test.each([
  ['nobody ever kept it', null, component], ['whoever kept it has ended', kept({ ended: true }), component], ['whoever kept it has not been heard of', kept({ lookedAt: '2026-11-29T09:59:00.000Z' }), component],
  ['the server archives it itself', kept(), { ...component, wal: 'archive' }], ['no log is kept', kept(), { engine: 'postgres', name: 'postgres', container: 'c', database: 'd', user: 'u' }], ['it is another engine', kept(), { engine: 'redis', name: 'redis', container: 'c' }],
] as const)('nobody is asked where %s', async (_why, status, by) => {
  expect(await bring(status, { by })).toEqual({ brought: false, wishes: [] });
});

test('a wish lies on the machine for whoever keeps the log there, the newest alone', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-wish-'));
  expect(await readLogWish(directory, 'shop', 'postgres')).toBeNull();
  await leaveLogWish(directory, 'shop', 'postgres', '2026-11-29T09:00:00.000Z');
  await leaveLogWish(directory, 'shop', 'postgres', now);
  expect([await readLogWish(directory, 'shop', 'postgres'), await readLogWish(directory, 'shop', 'other')]).toEqual([now, null]);
  await rm(directory, { recursive: true });
});
