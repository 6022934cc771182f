import { describe, expect, it, test } from 'vitest';
import { scheduledVerbs } from '../../src/domain/schedules/scheduled-runbooks.ts';
import { failureOf, problemsIn, readConfig } from './read-config.ts';

const withSchedules = (text: string, stores = 'postgres: { container: db }, redis: { container: cache }'): string => `services:\n  shop:\n    ${stores.replaceAll('}, ', '}\n    ')}\n    schedules: ${text}\nrepositories: { nas: { url: /b } }\n`;
const causeOf = (text: string): string => failureOf(withSchedules(text)).fields.cause;

describe('schedules', () => {
  it('are a cron string or a word for each runbook, with the zone said', () => {
    expect(readConfig(withSchedules('{ backup: "30 1 * * MON-FRI", base: monthly, reap: off, timeZone: Europe/Berlin, jitter: 10m, catchup: 2h }')).services[0]?.schedules)
      .toEqual({ times: { backup: '30 1 * * MON-FRI', base: 'monthly', reap: 'off' }, timeZone: 'Europe/Berlin', jitterMs: 600_000, catchupMs: 7_200_000 });
    expect(readConfig(withSchedules('{}')).services[0]?.schedules).toEqual({ times: {}, timeZone: 'UTC', jitterMs: 60_000, catchupMs: 21_600_000 });
    expect(readConfig(withSchedules('{ jitter: 0s }')).services[0]?.schedules?.jitterMs).toBe(0);
  });

  it('are nothing that is carried around where the file does not name them', () => {
    expect(Object.keys(readConfig('services: { shop: { redis: { container: c } } }\nrepositories: { nas: { url: /b } }\n').services[0] ?? {})).not.toContain('schedules');
  });

  it.each(scheduledVerbs)('have a key for %s', (verb) => {
    expect(readConfig(withSchedules(`{ ${verb}: weekly }`, 'postgres: { container: db }, failover: { host: standby, repository: nas }')).services[0]?.schedules?.times).toEqual({ [verb]: 'weekly' });
  });
});

describe('what cannot be meant', () => {
  it.each([
    ['{ backup: hourly }', /schedules\.backup: found "hourly"; a cron string has five fields[^]*allowed is a cron string in quotes[^]*daily, weekly, monthly, quarterly, yearly or off/],
    ['{ backup: 5 }', /found the number 5; allowed is a cron string in quotes/],
    ['{ backup: "0 25 * * *" }', /25 is no hour/],
    ['{ backup: "0 2 1 * 1" }', /cron and Temporal disagree/],
    ['{ reap: "0 0 30 2 *" }', /no such day ever comes/],
    ['{ timeZone: CEST }', /allowed is the exact name of a time zone/],
    ['{ timeZone: europe/berlin }', /like Europe\/Berlin/],
    ['{ jitter: 13h }', /from 0s to 12h/],
    ['{ catchup: 10s }', /from 1m to 30d/],
    ['{ backups: daily }', /did you mean backup\?\); allowed are backup, base, prune, drill, rebuild, failover, reap, timeZone, jitter, catchup/],
    ['daily', /allowed is a mapping with backup, base, prune, drill, rebuild, failover, reap/],
  ])('%s is refused with what is allowed', (text, words) => {
    expect(causeOf(text)).toMatch(words);
    expect(problemsIn(withSchedules(text))[0]?.position).not.toBeNull();
  });

  test('a base backup of a service that has no PostgreSQL is refused where it stands', () => {
    const failure = failureOf(withSchedules('{ backup: daily, base: weekly }', 'redis: { container: cache }'));
    expect(failure.fields.cause).toMatch(/line 4, column 39: services\.shop\.schedules\.base: found "weekly"; a base backup is a copy of a PostgreSQL server/);
    expect(readConfig(withSchedules('{ base: off }', 'redis: { container: cache }')).services).toHaveLength(1);
  });
});
