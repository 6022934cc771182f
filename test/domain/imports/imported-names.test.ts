import { describe, expect, it } from 'vitest';
import { componentFor, parseFileName } from '../../../src/domain/imports/file-name.ts';
import { instantOfStamp } from '../../../src/domain/imports/local-instant.ts';
import type { Component } from '../../../src/domain/service.ts';

describe('the name of a file', () => {
  it('says what it is of, and when its script began', () => {
    expect(parseFileName('postgres-20260118-133121.sql.gz')).toEqual({ file: 'postgres-20260118-133121.sql.gz', prefix: 'postgres', stamp: '20260118-133121', engine: 'postgres' });
    expect(parseFileName('redis-20260118-133121.rdb')).toMatchObject({ prefix: 'redis', engine: 'redis' });
  });

  it.each(['../postgres-20260118-133121.sql.gz', 'postgres-20260118-133121.sql', 'backup-20260118-133121.manifest', 'postgres-20260118.sql.gz', 'a/b-20260118-133121.rdb', 'postgres-20260118-133121.sql.gz\n', '-x-20260118-133121.rdb', '.postgres-20260118-133121.sql.gz.part'])('%j is none of ours', (file) => {
    expect(parseFileName(file)).toBeNull();
  });

  it('names a component, or the only one of its engine', () => {
    const component = (engine: 'postgres' | 'redis', name: string): Component => ({ engine, name, container: name, ...(engine === 'postgres' ? { database: 'd', user: 'u' } : {}) }) as Component;
    const named = (prefix: string) => ({ file: '', prefix, stamp: '', engine: 'postgres' as const });
    const [main, other, cache] = [component('postgres', 'main'), component('postgres', 'other'), component('redis', 'postgres')] as const;
    expect(componentFor(named('main'), [main, other, cache])).toBe(main);
    expect(componentFor(named('postgres'), [main, cache])).toBe(main);
    expect(componentFor(named('postgres'), [main, other])).toBeNull();
    expect(componentFor(named('elsewhere'), [main])).toBeNull();
  });
});

describe('the stamp in it', () => {
  const at = (stamp: string, zone: string): string | null => {
    const instant = instantOfStamp(stamp, zone);
    return instant === null ? null : new Date(instant).toISOString();
  };

  it.each([
    ['20260118-133121', 'UTC', '2026-01-18T13:31:21.000Z'], ['20260118-133121', 'America/Denver', '2026-01-18T20:31:21.000Z'], ['20260718-133121', 'America/Denver', '2026-07-18T19:31:21.000Z'],
    ['20260118-010000', 'Pacific/Kiritimati', '2026-01-17T11:00:00.000Z'],
    // Twice on that night: the first one. Not at all on this: by the clock before.
    ['20261025-023000', 'Europe/Vienna', '2026-10-25T00:30:00.000Z'], ['20260329-023000', 'Europe/Vienna', '2026-03-29T01:30:00.000Z'],
    ['20261025-033000', 'Europe/Vienna', '2026-10-25T02:30:00.000Z'], ['20260329-013000', 'Europe/Vienna', '2026-03-29T00:30:00.000Z'],
  ])('%s in %s is %s', (stamp, zone, instant) => {
    expect(at(stamp, zone)).toBe(instant);
  });

  it.each(['20260230-120000', '20260118-240000', '20260118-126000', '20261318-120000'])('%s is on no calendar', (stamp) => {
    expect(at(stamp, 'UTC')).toBeNull();
  });
});
