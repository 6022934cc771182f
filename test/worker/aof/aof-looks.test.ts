/** What a keeper dares to say of the base that was live, from what the server and the follower said one after the other. */
import { expect, it } from 'vitest';
import type { AofLook } from '../../../src/domain/aof/aof-history.ts';
import type { AofServerState, FollowedAof } from '../../../src/engines/aof-source.ts';
import { lookOf, rowWith, withLook, type AofRow } from '../../../src/worker/aof/aof-keeper.ts';
import { baseSecondIn } from '../../../src/worker/aof/base-second.ts';
import { endFormerFollowers } from '../../../src/worker/aof/keep-aofs.ts';

const server = (second: number, state: AofServerState['state'] = 'on', settings: string | null = 'run 1 0'): AofServerState => ({ second, state, problem: null, settings });
const followed = (second: number): FollowedAof => ({ pass: { second, base: '1-1-1', increment: '1-1-2', sizeBytes: 5 }, bases: [], blocks: [], ends: [], chains: [] });
const rowOf = (...states: readonly AofServerState[]): AofRow => states.reduce(rowWith, [] as AofRow);

it('a row goes on over a rewrite, and ends with a change of settings, a restart, or the AOF being off', () => {
  expect(rowOf(server(10), server(12, 'unsure'), server(14)).at(0)?.second).toBe(10);
  expect(rowOf(server(10), server(12, 'on', 'run 2 0')).at(0)?.second).toBe(12);
  expect(rowOf(server(10), server(12, 'on', 'other 1 0')).at(0)?.second).toBe(12);
  expect(rowOf(server(10), server(12, 'off'), server(14)).at(0)?.second).toBe(14);
  expect(rowOf(server(10), server(12, 'unsure', 'run 2 0'))).toEqual([]);
  // Where the settings are not known a rewrite may be the AOF being turned on.
  expect(rowOf(server(10, 'on', null), server(12, 'on', null)).at(0)?.second).toBe(10);
  expect(rowOf(server(10, 'on', null), server(12, 'unsure', null))).toEqual([]);
});

it('the base of a pass was live where the pass lies within a row', () => {
  const row = [server(10)];
  expect(lookOf(row, server(14), followed(13))).toMatchObject({ second: 13, state: 'on', base: '1-1-1', coveredSecond: 6 });
  expect(lookOf(row, server(14), followed(10))).toBeNull();
  expect(lookOf(row, server(14), followed(15))).toBeNull();
  expect(lookOf(row, server(14, 'unsure'), followed(13))).toBeNull();
  expect(lookOf([], server(14), followed(13))).toBeNull();
  expect(lookOf(row, server(14), { ...followed(13), pass: null })).toBeNull();
  expect(lookOf(row, server(14, 'off'), followed(13))).toMatchObject({ second: 14, state: 'off', base: null });
});

it('where Redis stood still for the disk, what it had held back then may have come behind the pass', () => {
  // It answered, kept a write back, stood still from 11 to 18, and the pass in between did not have it.
  expect(lookOf([server(10)], server(18), followed(17))?.coveredSecond).toBe(6);
  expect(lookOf(rowOf(server(10), server(18)), server(22), followed(21))?.coveredSecond).toBe(14);
  const looks = [9, 10, 13].map((coveredSecond, index): AofLook => ({ second: 20 + index, state: 'on', base: '1-1-1', coveredSecond, increment: '1-1-2', sizeBytes: 5, settings: 'run 1 0' }));
  const back: AofLook = { ...looks[2] as AofLook, second: 24, coveredSecond: 11 };
  expect([...looks, back].reduce(withLook, [] as readonly AofLook[]).at(-1)).toMatchObject({ second: 24, coveredSecond: 13 });
});

it('of a row the first look and the last are kept, and of bytes that may be lost the last look without them', () => {
  const look = (second: number, increment: string | null, sizeBytes: number): AofLook => ({ second, state: 'on', base: '1-1-1', coveredSecond: second - 3, increment, sizeBytes, settings: 'run 1 0' });
  const seen = [look(10, null, 0), look(11, null, 0), look(12, null, 0), look(13, '1-1-2', 5), look(14, '1-1-2', 7), look(15, '1-1-2', 9), look(16, '1-1-3', 0), look(17, '1-1-3', 0), look(18, '1-1-3', 0), look(19, '1-1-3', 4)];
  expect(seen.reduce(withLook, [] as readonly AofLook[]).map(({ second }) => second)).toEqual([10, 12, 13, 15, 16, 18, 19]);
});

it('a base says when it was begun', () => {
  const head = (value: string): Buffer => Buffer.from(`REDIS0011\xfa\x09redis-ver\x057.0.1\xfa\x05ctime${value}\xfa`, 'latin1');
  expect(baseSecondIn(head('\xc2\x00\x00\x00\x60'))).toBe(0x60000000);
  expect(baseSecondIn(head('\x0a2500000000'))).toBe(2_500_000_000);
  expect(baseSecondIn(head('\x02no'))).toBeNull();
  expect(baseSecondIn(Buffer.from('*1\r\n\xfa\x05ctime\xc2\x00\x00\x00\x60', 'latin1'))).toBeNull();
});

it('ends the follower of whatever is to be archived no more, and no other', async () => {
  const redis = { engine: 'redis' as const, name: 'redis', container: 'c' };
  const service = (name: string, component: object, host = 'here') => ({ name, host, components: [component] });
  const stopped: string[] = [];
  const source = { stop: async ({ service: name }: { service: string }, _component: unknown, { forget }: { forget: boolean }) => void stopped.push(`${name} ${forget}`) };
  const config = { host: 'here', services: [service('kept', { ...redis, aof: 'archive' }), service('former', redis), service('elsewhere', redis, 'there'), service('logged', { engine: 'postgres', name: 'postgres' })] };
  await endFormerFollowers(config as never, { runs: { namespaceId: 'n' } } as never, source as never, AbortSignal.timeout(5_000));
  expect(stopped).toEqual(['former true']);
});
