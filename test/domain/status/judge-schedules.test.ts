import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { scheduleDifferences, type FoundSchedule } from '../../../src/domain/schedules/difference.ts';
import { wishedSchedules } from '../../../src/domain/schedules/schedule-terms.ts';
import { judgeSchedules, type ScheduleFacts } from '../../../src/domain/status/judge-schedules.ts';
import { serviceWith } from '../schedules/sample-service.ts';

const hour = 3_600_000;
/** Ten hours after the last backup was due. */
const nowMs = Date.UTC(2026, 10, 29, 12);
const graceMs = hour / 3;
const ago = (hours: number): string => new Date(nowMs - hours * hour).toISOString();
const wished = wishedSchedules(serviceWith([]), 'dr').filter(({ verb }) => verb === 'backup');
const asApplied = wished.map(({ id, service, verb, terms }): FoundSchedule => ({ id, own: { service, verb }, terms, applied: { ...terms }, paused: false, note: '' }))[0] as FoundSchedule;
const ran = { since: ago(900), last: { startedAt: ago(10), state: 'COMPLETED', skipped: null, workflowId: 'w' }, running: [] };

function findings(found: Partial<FoundSchedule>, state: Partial<NonNullable<ScheduleFacts['found']>> = {}, wishes = wished): readonly string[] {
  const schedules = scheduleDifferences(wishes, [{ ...asApplied, ...found }], ['shop']).map((difference) => ({ difference, found: difference.found === null ? null : { ...ran, ...state } }));
  return judgeSchedules({ schedules, isWritten: false }, nowMs, graceMs).map(({ kind, verdict }) => (verdict === 'wrong' ? kind : `${kind} not known`));
}

describe('schedules', () => {
  it('are well where what was due has begun, and where none was asked for', () => {
    expect(findings({})).toEqual([]);
    const none = scheduleDifferences(wished, [], ['shop']).map((difference) => ({ difference, found: null }));
    expect(judgeSchedules({ schedules: none, isWritten: false }, nowMs, graceMs)).toEqual([]);
    expect(judgeSchedules({ schedules: none, isWritten: true }, nowMs, graceMs)).toMatchObject([{ kind: 'scheduleDiffers', next: 'holdfast schedule apply' }]);
  });

  it('have missed what was due and did not begin, unless they were made later, or the run before is open', () => {
    const late = { last: { ...ran.last, startedAt: ago(34) } };
    expect(findings({}, late)).toEqual(['scheduleMissed']);
    expect(findings({}, { last: null })).toEqual(['scheduleMissed']);
    expect(findings({}, { last: null, since: ago(9) })).toEqual([]);
    expect(findings({}, { ...late, running: ['w'] })).toEqual([]);
  });

  it('that are paused, edited, replaced or gone are no schedules that work', () => {
    expect(findings({ paused: true }, { last: null })).toEqual(['schedulePaused']);
    expect(findings({ terms: { ...asApplied.terms, overlap: 'ALLOW_ALL' } })).toEqual(['scheduleDiffers']);
    expect(findings({ terms: { ...asApplied.terms, when: '0 5 * * *' }, applied: { ...asApplied.terms, when: '0 5 * * *' } }, { last: null })).toEqual(['scheduleDiffers']);
    expect(findings({}, {}, [])).toEqual(['scheduleDiffers']);
    expect(findings({}, {}, [...wished, ...wished.map((each) => ({ ...each, id: 'holdfast/reap/shop' }))])).toEqual(['scheduleDiffers']);
  });

  it('whose last run did not succeed say so; one that somebody cancelled is nobody\'s trouble', () => {
    for (const state of ['FAILED', 'TIMED_OUT', 'TERMINATED']) expect(findings({}, { last: { ...ran.last, state } })).toEqual(['scheduleFailed']);
    for (const state of ['COMPLETED', 'RUNNING', 'CANCELLED', null]) expect(findings({}, { last: { ...ran.last, state } })).toEqual([]);
  });

  it('whose last run found no turn have not failed: that is told beside it, and by the age of the backups', () => {
    expect(findings({}, { last: { ...ran.last, state: 'FAILED', skipped: 'holdfast/restore/shop/x is restoring it' } })).toEqual([]);
  });

  it('of other people are none of ours', () => {
    expect(findings({ id: 'nightly', own: null }, { last: null }, [])).toEqual([]);
    expect(findings({ id: 'holdfast/backup/other', own: { service: 'other', verb: 'backup' } }, { last: null }, [])).toEqual([]);
  });
});

test('whenever one looks: it is missed exactly where the last start is older than what was due, and the time to begin is over', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 47 * 60 }), fc.integer({ min: 0, max: 71 * 60 }), (minutes, back) => {
    const at = nowMs + minutes * 60_000;
    const startedMs = at - back * 60_000;
    const schedules = scheduleDifferences(wished, [asApplied], ['shop']).map((difference) => ({ difference, found: { ...ran, last: { ...ran.last, startedAt: new Date(startedMs).toISOString() } } }));
    const missed = judgeSchedules({ schedules, isWritten: false }, at, graceMs).length > 0;
    const [wish] = wished;
    // Daily, 02:00 UTC.
    const dueMs = Math.floor((at - graceMs - (wish?.terms.jitterMs ?? 0) - 2 * hour) / (24 * hour)) * 24 * hour + 2 * hour;
    return missed === (startedMs < dueMs);
  }), { numRuns: 2_000 });
});
