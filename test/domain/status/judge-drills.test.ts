import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseCron, type CronTimes } from '../../../src/domain/schedules/cron.ts';
import { judgeDrills, type DrillFacts, type DrillStanding } from '../../../src/domain/status/judge-drills.ts';

const day = 86_400_000;
const nowMs = Date.UTC(2026, 10, 29, 12);
const monthly = { kind: 'restore' as const, times: parseCron('0 1 1 * *').times as CronTimes, timeZone: 'UTC' };
const drill = (beganAt: string, more: Partial<DrillFacts> = {}): DrillFacts => ({ drillId: beganAt, kind: 'restore', beganAt, verdict: 'proven', sentence: 'It came back', missedObjectives: [], ...more });
const kinds = (standing: Partial<DrillStanding>): readonly string[] => judgeDrills({ drills: [], damaged: [], unknownKeys: [], due: [], since: '2026-01-01T00:00:00Z', ...standing }, nowMs).map(({ kind, verdict }) => `${kind} ${verdict}`);

describe('drills', () => {
  it('are nobody\'s trouble where none is to run by itself', () => expect(kinds({})).toEqual([]));

  it('are overdue where one was due and none came, with a day to get over with it', () => {
    expect(kinds({ due: [monthly], drills: [drill('2026-11-01T01:00:30Z')] })).toEqual([]);
    expect(kinds({ due: [monthly], drills: [drill('2026-10-01T01:00:30Z')] })).toEqual(['drillOverdue wrong']);
    expect(kinds({ due: [monthly] })).toEqual(['drillOverdue wrong']);
    expect(judgeDrills({ drills: [drill('2026-10-01T01:00:30Z')], damaged: [], unknownKeys: [], due: [monthly], since: null }, Date.UTC(2026, 10, 1, 12))).toEqual([]);
  });

  it('that were made by hand a little early count; of another kind they do not', () => {
    expect(kinds({ due: [monthly], drills: [drill('2026-10-28T10:00:00Z')] })).toEqual([]);
    expect(kinds({ due: [monthly], drills: [drill('2026-11-01T01:00:30Z', { kind: 'rebuild' })] })).toEqual(['drillOverdue wrong']);
  });

  it('cannot be overdue for what was not there when they were due', () => {
    expect(kinds({ due: [monthly], since: '2026-11-02T00:00:00Z' })).toEqual([]);
    expect(kinds({ due: [monthly], since: null })).toEqual([]);
  });

  it('are judged by the newest of each kind', () => {
    const failed = drill('2026-11-02T01:00:00Z', { verdict: 'failed' });
    expect(kinds({ drills: [failed, drill('2026-11-01T01:00:00Z')] })).toEqual(['drillFailed wrong']);
    expect(kinds({ drills: [drill('2026-11-03T01:00:00Z'), failed] })).toEqual([]);
    expect(kinds({ drills: [drill('2026-11-03T01:00:00Z'), { ...failed, kind: 'rebuild' }] })).toEqual(['drillFailed wrong']);
    expect(kinds({ drills: [drill('2026-11-03T01:00:00Z', { verdict: 'couldNotVerify' })] })).toEqual(['drillUndecided notKnown']);
    expect(kinds({ drills: [drill('2026-11-03T01:00:00Z', { missedObjectives: ['rpo'] })] })).toEqual(['objectiveMissed wrong']);
    expect(kinds({ damaged: [{ drillId: 'd', problem: 'CHANGED' }] })).toEqual(['reportDamaged wrong']);
    expect(kinds({ unknownKeys: [{ fingerprint: 'SHA256:x', drillIds: ['e', 'd'] }] })).toEqual(['reportUnknownKey notKnown']);
  });
});

test('a drill that runs when it is due is never overdue, whenever one looks; one that stops is, within a period and a day', () => {
  fc.assert(fc.property(fc.constantFrom('0 1 * * 0', '0 1 1 * *', '0 1 1 1,4,7,10 *', '0 1 1 1 *'), fc.integer({ min: 0, max: 800 * 24 }), (cron, hours) => {
    const times = parseCron(cron).times as CronTimes;
    const at = Date.UTC(2026, 0, 1, 3) + hours * 3_600_000;
    const due = { kind: 'restore' as const, times, timeZone: 'UTC' };
    const starts: string[] = [];
    for (let ms = Date.UTC(2024, 0, 1, 1); ms <= at; ms += day) {
      const date = new Date(ms);
      if (times.dayOfMonth.includes(date.getUTCDate()) && times.month.includes(date.getUTCMonth() + 1) && times.dayOfWeek.includes(date.getUTCDay())) starts.unshift(date.toISOString());
    }
    const judged = (drills: readonly string[], whenMs: number): number => judgeDrills({ drills: drills.map((each) => drill(each)), damaged: [], unknownKeys: [], due: [due], since: '2020-01-01T00:00:00Z' }, whenMs).length;
    return judged(starts, at) === 0 && judged(starts, Date.parse(starts[0] as string) + 367 * day + 2 * day) === 1;
  }), { numRuns: 300 });
});
