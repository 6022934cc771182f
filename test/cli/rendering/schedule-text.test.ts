import { describe, expect, it } from 'vitest';
import { differenceLines, scheduleTable, triggeredText } from '../../../src/cli/rendering/schedule-text.ts';
import type { ScheduleState } from '../../../src/client/schedules/read-schedules.ts';
import { scheduleDifferences, type FoundSchedule } from '../../../src/domain/schedules/difference.ts';
import { wishedSchedules, type WishedSchedule } from '../../../src/domain/schedules/schedule-terms.ts';
import { serviceWith } from '../../domain/schedules/sample-service.ts';

const [wished] = wishedSchedules(serviceWith([]), 'holdfast') as readonly [WishedSchedule, ...WishedSchedule[]];
const found = (more: Partial<FoundSchedule> = {}, terms: Partial<WishedSchedule['terms']> = {}): FoundSchedule => ({ id: wished.id, own: { service: 'shop', verb: 'backup' }, terms: { ...wished.terms, ...terms }, applied: { ...wished.terms }, paused: false, note: '', ...more });
const lines = (schedule: FoundSchedule | null, wishes: readonly WishedSchedule[] = [wished]): readonly string[] => scheduleDifferences(wishes, schedule === null ? [] : [schedule], ['shop']).flatMap(differenceLines);
const words = 'takeBackup at 0 2 * * * UTC, up to 1m later, caught up with for 6h';

describe('a difference', () => {
  it('says what would be made, with its zone, or that it is in order', () => {
    expect(lines(null)).toEqual([`  create          holdfast/backup/shop: ${words}`]);
    expect(lines(found())).toEqual([`  in order        holdfast/backup/shop: ${words}`]);
  });

  it('says what is and what would be, and that a paused one stays paused', () => {
    const before = { when: '0 1 * * *', catchupMs: 60_000, others: 'only 3 more runs', runTimeoutMs: 0 };
    expect(lines(found({ applied: { ...wished.terms, ...before }, paused: true, note: 'INC-42' }, before))).toEqual([
      '  change          holdfast/backup/shop',
      '      when: is 0 1 * * *, would be 0 2 * * *', '      catch-up: is 1m, would be 6h', '      run timeout: is none, would be 3d', '      further: is only 3 more runs, would be nothing', '      it is paused (INC-42), and stays so',
    ]);
  });

  it('says which part somebody edited, or that nobody can know', () => {
    expect(lines(found({ applied: { ...wished.terms, when: '0 1 * * *' } }, { when: '0 1 * * *', overlap: 'ALLOW_ALL' }))).toEqual([
      '  edited by hand  holdfast/backup/shop', '      when: is 0 1 * * *, would be 0 2 * * *', '      overlap: is ALLOW_ALL, would be SKIP   (edited)',
    ]);
    expect(lines(found({ applied: null }, { jitterMs: 0 }))).toEqual(['  edited by hand  holdfast/backup/shop', '      jitter: is 0ms, would be 1m', '      its action was replaced by hand: what Holdfast gave it last is not known']);
  });

  it('says why something is left alone', () => {
    expect(lines(found(), [])).toEqual(['  remove          holdfast/backup/shop: off in holdfast.yaml']);
    expect(lines(found({ own: null }))[0]).toContain('made by hand under the name of ours');
    expect(lines(found({ id: 'nightly', own: null }), [])[0]).toMatch(/^ {2}foreign {9}nightly: made by hand \(takeBackup at 0 2 \* \* \* UTC.*"service":"shop"/);
    expect(lines(found({ id: 'holdfast/backup/other', own: { service: 'other', verb: 'backup' } }), [])[0]).toMatch(/^ {2}left alone {6}holdfast\/backup\/other: of other, which this holdfast\.yaml does not have/);
  });
});

describe('the list', () => {
  const state = (more: Partial<ScheduleState>): ScheduleState => ({ ...found(), madeAt: '2026-11-01T00:00:00Z', since: '2026-11-01T00:00:00Z', nextAt: '2026-11-30T01:00:23Z', last: null, taken: 0, skipped: 0, missed: 0, running: [], ...more });
  const last = (word: string | null): ScheduleState['last'] => ({ workflowId: 'w', runId: 'r', startedAt: '2026-11-29T01:00:23Z', state: word, skipped: null });
  const rows = (...states: readonly ScheduleState[]): readonly string[] => scheduleTable(states, { timeZone: 'Europe/Berlin' }).slice(1).map((line) => line.replace('  holdfast/backup/shop  0 2 * * * UTC  ', ''));

  it('tells what began from what was skipped or missed, and what succeeded from what did not', () => {
    const shown = rows(state({}), state({ last: last('COMPLETED'), taken: 9, skipped: 2, missed: 1 }), state({ last: last('TIMED_OUT'), taken: 10 }), state({ last: last(null), taken: 11 }));
    expect(shown.map((row) => row.trim().split(/ {2,}/))).toEqual([
      ['Mon 30 Nov 02:00', 'never', '0', '0', '0'], ['Mon 30 Nov 02:00', 'Sun 29 Nov 02:00 done', '9', '2', '1'], ['Mon 30 Nov 02:00', 'Sun 29 Nov 02:00 TIMED OUT', '10', '0', '0'], ['Mon 30 Nov 02:00', 'Sun 29 Nov 02:00 not known any more', '11', '0', '0'],
    ]);
  });

  it('says of a run that found no turn why, and that it did not fail', () => {
    const shown = rows(state({ last: { workflowId: 'w', runId: 'r', startedAt: '2026-11-29T01:00:23Z', state: 'FAILED', skipped: 'holdfast/restore/shop/x is restoring it' }, taken: 3 }))[0] ?? '';
    expect(shown.trim().split(/ {2,}/)).toEqual(['Mon 30 Nov 02:00', 'Sun 29 Nov 02:00 skipped', '3', '0', '0', 'skipped: holdfast/restore/shop/x is restoring it']);
  });

  it('says who is paused and why, and who is foreign', () => {
    expect(rows(state({ paused: true, note: 'moving the disks', nextAt: null }))[0]).toMatch(/^- +never +0 +0 +0 +paused: moving the disks$/);
    expect(rows(state({ own: null, paused: true }))[0]).toMatch(/foreign: starts takeBackup; paused$/);
  });
});

describe('a run that was asked for', () => {
  const run = { workflowId: 'holdfast/backup/shop/scheduled-2026-11-23T02:00:00Z', runId: 'r' };

  it('was started, was left out for one that is open, or is not known of yet', () => {
    expect(triggeredText({ outcome: 'started', started: run, running: [run.workflowId] })).toBe(`Run ${run.workflowId} was started. To follow it: holdfast watch ${run.workflowId}`);
    expect(triggeredText({ outcome: 'leftOut', started: null, running: [run.workflowId] })).toBe(`Nothing was started: 1 run of it is open (${run.workflowId}).`);
    expect(triggeredText({ outcome: 'leftOut', started: null, running: [] })).toBe('Nothing was started: a run of it was open.');
    expect(triggeredText({ outcome: 'notSeen', started: null, running: [] })).toBe('Temporal has taken the request, and no run was seen to begin: whether one does is not known yet. See: holdfast schedule list');
  });
});
