/** Texts about the append-only file: what the follower lists, and what a server's settings mean. */
import { expect, it } from 'vitest';
import { parseFollowed } from '../../../src/engines/redis/aof/followed-files.ts';
import { judged } from '../../../src/engines/redis/aof/look-at-server.ts';

const component = { engine: 'redis' as const, name: 'redis', container: 'shop-redis' };
const good = { appendonly: 'yes', 'aof-timestamp-enabled': 'yes', 'aof-use-rdb-preamble': 'yes' };
const info = (more: Record<string, string> = {}): Map<string, string> =>
  new Map(Object.entries({ role: 'master', redis_mode: 'standalone', aof_enabled: '1', aof_rewrite_in_progress: '0', aof_rewrite_scheduled: '0', aof_last_write_status: 'ok', run_id: 'r', 'cmdstat_config|get': 'calls=4', ...more }));

it('lists what is there, and passes over what is half made', () => {
  expect(parseFollowed([
    'pass 1790000009 1790000000-2-11 1790000001-3-12 77', 'chain 1790000000-2-11 1790000001-3-12', 'chain 1790000000-1-10', 'end 1790000000-2-9 5',
    'file 120 bases/1790000000-2-11', 'file 77 increments/1790000001-3-12/00000001', 'file 4194304 increments/1790000001-3-12/00000000', 'file 3 increments/1790000001-3-12/new', 'file 0 increments/1790000001-3-12/00000002', 'find: gone', '',
  ])).toEqual({
    pass: { second: 1790000009, base: '1790000000-2-11', increment: '1790000001-3-12', sizeBytes: 77 },
    bases: [{ id: '1790000000-2-11', sizeBytes: 120 }],
    blocks: [{ increment: '1790000001-3-12', number: 0, sizeBytes: 4194304 }, { increment: '1790000001-3-12', number: 1, sizeBytes: 77 }],
    ends: [{ increment: '1790000000-2-9', sizeBytes: 5 }],
    chains: [{ base: '1790000000-2-11', increments: ['1790000001-3-12'] }, { base: '1790000000-1-10', increments: [] }],
  });
  expect(parseFollowed(['']).pass).toBeNull();
  expect(parseFollowed(['pass 5 1-1-1 - 0']).pass).toEqual({ second: 5, base: '1-1-1', increment: null, sizeBytes: 0 });
});

it('names what is missing, with the lines in the order in which they help', () => {
  expect(judged(component, good, info(), 5)).toEqual({ second: 5, state: 'on', problem: null, settings: 'r 0 0' });
  expect(judged(component, good, info({ 'cmdstat_config|set': 'calls=3,usec=1' }), 5).settings).toBe('r 3 0');
  expect(judged(component, good, info({ aof_rewrite_scheduled: '1' }), 5).state).toBe('unsure');
  expect(judged(component, good, info({ aof_last_write_status: 'err' }), 5)).toMatchObject({ state: 'off', problem: { cause: 'Redis cannot write its AOF' } });
  const off = judged(component, { ...good, appendonly: 'no', 'aof-timestamp-enabled': 'no' }, info(), 5);
  expect(off).toMatchObject({ state: 'off', problem: { cause: 'it runs with appendonly no, aof-timestamp-enabled no', hint: expect.stringMatching(/^Run CONFIG SET aof-timestamp-enabled yes; CONFIG SET appendonly yes; then/) } });
  expect(() => judged(component, { appendonly: 'yes' }, info(), 5)).toThrow(/keeps no timestamps/);
  expect(() => judged(component, good, info({ role: 'slave' }), 5)).toThrow(/replica/);
  expect(() => judged(component, good, info({ redis_mode: 'cluster' }), 5)).toThrow(/no single server/);
});
