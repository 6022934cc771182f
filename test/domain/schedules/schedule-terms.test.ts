import { describe, expect, it, test } from 'vitest';
import { defaultSettings, timesOf, type ScheduleSettings } from '../../../src/domain/schedules/schedule-settings.ts';
import { wishedSchedules } from '../../../src/domain/schedules/schedule-terms.ts';
import { scheduledRunbook, scheduledVerbs } from '../../../src/domain/schedules/scheduled-runbooks.ts';
import type { Component } from '../../../src/domain/service.ts';
import { failing } from '../../support/failing.ts';
import { serviceWith } from './sample-service.ts';

const postgres: Component = { engine: 'postgres', name: 'postgres', container: 'db', database: 'shop', user: 'postgres' };
const redis: Component = { engine: 'redis', name: 'redis', container: 'cache' };
const wishes = (components: readonly Component[], schedules?: ScheduleSettings) => wishedSchedules(serviceWith(components, schedules), 'dr');
const whens = (...from: Parameters<typeof wishes>): Record<string, string> => Object.fromEntries(wishes(...from).map(({ verb, terms }) => [verb, terms.when]));

describe('where the configuration says nothing', () => {
  it('a backup is taken each night, a base backup each Sunday where the log is kept, old ones go each morning, a drill is made on the first of each month, one from nothing on that of each quarter, and leftovers are looked for every ten minutes', () => {
    expect(whens([postgres, redis])).toEqual({ backup: '0 2 * * *', prune: '0 5 * * *', drill: '0 4 1 * *', rebuild: '0 6 1 */3 *', reap: '*/10 * * * *' });
    expect(whens([{ ...postgres, wal: 'stream' }])).toEqual({ backup: '0 2 * * *', base: '0 3 * * 0', prune: '0 5 * * *', drill: '0 4 1 * *', rebuild: '0 6 1 */3 *', reap: '*/10 * * * *' });
  });

  it('the zone is UTC', () => {
    expect(wishes([redis]).map(({ terms }) => [terms.timeZone, terms.jitterMs, terms.catchupMs])).toEqual([['UTC', 60_000, 21_600_000], ['UTC', 60_000, 21_600_000], ['UTC', 60_000, 21_600_000], ['UTC', 60_000, 21_600_000], ['UTC', 60_000, 600_000]]);
  });
});

test('a failover is rehearsed once a year where another host is named, and nowhere else', () => {
  const service = { ...serviceWith([redis]), failover: { host: 'standby', repository: 'offsite' } };
  expect(wishedSchedules(service, 'dr').find(({ verb }) => verb === 'failover')?.terms).toMatchObject({ when: '0 8 1 1 *', starts: 'runDrill', workflowId: 'holdfast/drill/shop/failover' });
  expect(wishes([redis]).some(({ verb }) => verb === 'failover')).toBe(false);
});

test('a runbook that is off has no schedule, and the others keep theirs', () => {
  expect(whens([postgres], { ...defaultSettings, times: { backup: 'off', base: 'monthly' } })).toEqual({ base: '0 3 1 * *', prune: '0 5 * * *', drill: '0 4 1 * *', rebuild: '0 6 1 */3 *', reap: '*/10 * * * *' });
});

test('a word for how often means the hour of its runbook', () => {
  expect(['daily', 'weekly', 'monthly', 'quarterly', 'yearly'].map((word) => whens([redis], { ...defaultSettings, times: { backup: word } })['backup'])).toEqual(['0 2 * * *', '0 2 * * 0', '0 2 1 * *', '0 2 1 */3 *', '0 2 1 1 *']);
  expect(timesOf('base', 'off')).toBeNull();
});

test('what is due again soon is not caught up with for long', () => {
  const caughtUp = (catchupMs: number): readonly number[] => wishes([redis], { ...defaultSettings, catchupMs }).map(({ terms }) => terms.catchupMs);
  expect([caughtUp(60_000), caughtUp(86_400_000)]).toEqual([[60_000, 60_000, 60_000, 60_000, 60_000], [86_400_000, 86_400_000, 86_400_000, 86_400_000, 600_000]]);
});

test('everything about a schedule follows from the service, its name first', () => {
  expect(wishes([{ ...postgres, wal: 'archive' }]).map(({ id, service, terms: { starts, input, taskQueue, workflowId, overlap, pauseOnFailure, others } }) => ({ id, service, starts, input: JSON.parse(input) as unknown, taskQueue, workflowId, overlap, pauseOnFailure, others }))).toEqual([
    ['backup', 'takeBackup', {}, 'holdfast/backup/shop/scheduled'], ['base', 'takeBackup', { kind: 'base' }, 'holdfast/backup/shop/base'], ['prune', 'pruneBackups', {}, 'holdfast/prune/shop/scheduled'], ['drill', 'runDrill', { depth: 'restore' }, 'holdfast/drill/shop/scheduled'], ['rebuild', 'runDrill', { depth: 'rebuild' }, 'holdfast/drill/shop/rebuild'], ['reap', 'reapLeftovers', {}, 'holdfast/reap/shop/scheduled'],
  ].map(([verb, starts, input, workflowId]) => ({
    id: `holdfast/${verb as string}/shop`, service: 'shop', starts, input: { service: 'shop', requestedBy: `schedule holdfast/${verb as string}/shop`, ...(input as object) }, taskQueue: 'dr', workflowId, overlap: 'SKIP', pauseOnFailure: false, others: '',
  })));
});

test('a stuck run ends some day, and never before the next but one would be due', () => {
  for (const verb of scheduledVerbs) expect(scheduledRunbook(verb).runTimeoutMs).toBeGreaterThanOrEqual(86_400_000);
});

test('times that no calendar has are refused, should they come this far', async () => {
  await failing('InvalidConfiguration', async () => wishes([redis], { ...defaultSettings, times: { backup: '0 0 30 2 *' } }));
});
