import { expect, test } from 'vitest';
import { parseInto } from '../../src/cli/verbs/into.ts';
import { scheduledVerbs } from '../../src/domain/schedules/scheduled-runbooks.ts';
import { scheduleCommand } from '../../src/cli/verbs/set-up/schedule.ts';
import { collectTable, tablesInput } from '../../src/cli/verbs/restoring/restore-tables.ts';
import { parseSince } from '../../src/cli/verbs/since.ts';
import { redirectionNotice } from '../../src/config/environment-config.ts';
import type { Component } from '../../src/domain/service.ts';
import { failing } from '../support/failing.ts';

const now = new Date('2026-11-23T03:04:00Z');
const postgres: Component = { engine: 'postgres', name: 'postgres', container: 'db', database: 'd', user: 'u' };
const redis: Component = { engine: 'redis', name: 'redis', container: 'cache' };

test('--since is an instant, and a time without an offset is this machine\'s', () => {
  expect(parseSince(undefined, now)).toBeUndefined();
  expect(parseSince('2026-11-23T02:47:05+01:00', now)).toBe('2026-11-23T01:47:05.000Z');
  expect(parseSince('2026-11-23 02:47Z', now)).toBe('2026-11-23T02:47:00.000Z');
  expect(parseSince('2026-11-22T02:47:05', now)).toBe(new Date(2026, 10, 22, 2, 47, 5).toISOString());
  expect(parseSince('2028-02-29T00:00Z', new Date('2029-01-01T00:00:00Z'))).toBe('2028-02-29T00:00:00.000Z');
});

test('a time of day is the last one that was', () => {
  const soon = new Date(now.getTime() + 3_600_000);
  const clock = `${soon.getHours()}:${String(soon.getMinutes()).padStart(2, '0')}`;
  expect(new Date(parseSince(clock, now) ?? '').getTime()).toBeLessThan(now.getTime());
});

test.for(['2026-02-30T02:47', '2026-02-30T02:47Z', '2026-02-29 00:00:00', '2026-13-01T00:00', '2026-11-00T00:00', '2026-11-22T24:00', '2026-11-22T23:60Z', '25:00', '2:7', 'yesterday', '2026-11-22', '2026-11-23T02:47:05+1:00', '2026-11-24T00:00Z', ''])(
  '--since %j is refused', async (text) => {
    await failing('InvalidInput', async () => parseSince(text, now));
  });

test('--into names a container for each store', () => {
  expect(parseInto(undefined, [postgres])).toBeUndefined();
  expect(parseInto('postgres=test-db', [postgres])).toEqual({ postgres: 'test-db' });
  expect(parseInto('redis=c, postgres=d', [postgres, redis])).toEqual({ redis: 'c', postgres: 'd' });
});

test.for(['test-db', 'postgres=a,postgres=b', 'mysql=a', 'postgres=', 'postgres=a=b', 'postgres=../a', ''])('--into %j is refused', async (text) => {
  await failing('InvalidInput', async () => parseInto(text, [postgres, redis]));
});

test('a redirected restore names what goes where, and what is left out', () => {
  expect(redirectionNotice([postgres, redis], { postgres: 'test-db', redis: 'test-cache' })).toBe(
    'The environment redirects this restore (POSTGRES_CONTAINER and REDIS_CONTAINER): postgres into test-db instead of db, redis into test-cache instead of cache. For the service\'s own containers: unset POSTGRES_CONTAINER and REDIS_CONTAINER.');
  expect(redirectionNotice([postgres, redis], { redis: 'test-cache' })).toContain('postgres (db) is not restored');
});

test('--table makes it a restore of tables, as many as are named', () => {
  expect(tablesInput({})).toBeNull();
  expect(tablesInput({ table: collectTable('Orders', collectTable('public.customers', undefined)), exact: true })).toEqual({ tables: ['public.customers', 'Orders'], exact: true, intoSchema: undefined });
  expect(tablesInput({ table: ['orders'], intoSchema: 'as_it_was' })).toMatchObject({ intoSchema: 'as_it_was' });
});

test.for([
  { exact: true }, { intoSchema: 'x' }, { table: ['orders', 'orders'] }, { table: ['a..b'] }, { table: ['orders'], intoSchema: 'public' }, { table: ['orders'], intoSchema: 'x', exact: true }, { table: ['orders'], into: 'other' }, { table: ['orders'], port: '15432' }, { table: ['orders'], since: '02:47' }, { table: ['orders'], only: 'postgres' },
])('a restore with %j is refused before anything starts', async (options) => {
  await failing('InvalidInput', async () => tablesInput(options));
});

test.for(['pause', 'resume', 'run', 'remove'])('schedule %s says which there are', (name) => {
  const help = scheduleCommand().commands.find((each) => each.name() === name)?.helpInformation().replace(/\s+/g, ' ');
  expect(help).toContain(`${scheduledVerbs.slice(0, -1).join(', ')} or ${scheduledVerbs.at(-1)} of the service, or the whole id of a schedule`);
});
