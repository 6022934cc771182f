import { describe, expect, it } from 'vitest';
import { reachableLines } from '../../../src/cli/rendering/reachable-text.ts';
import type { ReachableComponent } from '../../../src/cli/reachable.ts';
import type { ReachableWindow } from '../../../src/domain/wal/reachable.ts';
import type { Segment } from '../../../src/domain/wal/segment.ts';

const clock = { timeZone: 'Europe/Berlin', now: '2026-11-23T02:04:02.500Z' };
const window = (beginAt: string, endAt: string, gap: bigint | null = null): ReachableWindow =>
  ({ begin: { lsn: 1n, at: `2026-11-${beginAt}:00.000000Z` }, end: { lsn: 2n, at: `2026-11-${endAt}.000000Z` }, bases: ['20261115-020000'], timeline: 1, gap: gap === null ? null : { timeline: 1, number: gap } });
const component = (windows: readonly ReachableWindow[] | null, more: Partial<ReachableComponent> = {}, gap: Segment | null = null): ReachableComponent => ({
  component: 'postgres', logKept: true, failure: null,
  moments: windows === null ? null : { systemIdentifier: '7400000000000000001', segmentSizeBytes: 16 * 1024 ** 2, timeline: 1, historyKnown: true, windows, newest: { backupId: '20261122-020000', complete: windows.length > 0, gap } }, ...more,
});
const lines = (components: readonly ReachableComponent[], all = false): readonly string[] => reachableLines(components, all, clock);

describe('reachableLines', () => {
  it('says since when, and how far behind now', () => {
    expect(lines([component([window('15T02:04', '23T02:04:00')])])).toEqual(['  ANY SECOND       Sun 15 Nov 03:04  …  now (2.5 s behind)  loses least: --to TIME, --before TIME']);
    // The database's clock may be ahead of this machine's.
    expect(lines([component([window('15T02:04', '23T02:05:00')])])[0]).toContain('now (0.0 s behind)');
  });

  it('calls nothing now that ended a while ago, or at a gap', () => {
    expect(lines([component([window('15T02:04', '23T00:04:00')])])[0]).toContain('…  Mon 23 Nov 01:04 (2 h 0 min ago: holdfast wal status)  loses');
    const broken = [window('15T02:04', '23T02:04:00', 7n)];
    expect(lines([component(broken)])[0]).toContain('…  Mon 23 Nov 03:04 (then 000000010000000000000007 is missing)  loses');
    expect(lines([component(broken, {}, { timeline: 1, number: 7n })])[0]).toContain('is missing: holdfast backup --kind base)  loses');
  });

  it('shows the newest stretch, says how many older ones there are, and shows them where all is asked for', () => {
    const one = component([window('10T02:00', '11T03:00:00', 5n), window('15T02:04', '23T02:04:00')]);
    const two = component([window('01T02:00', '02T03:00:00', 1n), ...one.moments?.windows ?? []]);
    expect(lines([one])[1]).toBe('                   and an older stretch before a gap: holdfast list --all');
    expect(lines([two])[1]).toBe('                   and 2 older stretches before a gap: holdfast list --all');
    expect(lines([two], true).slice(1)).toEqual([
      '                   Tue 10 Nov 03:00  …  Wed 11 Nov 04:00 (then 000000010000000000000005 is missing)',
      '                   Sun  1 Nov 03:00  …  Mon  2 Nov 04:00 (then 000000010000000000000001 is missing)',
    ]);
  });

  it('says what is missing, and nothing where nobody asked for a log', () => {
    expect(lines([component([])])).toEqual(['  ANY SECOND       not yet: the log behind base backup 20261122-020000 is not in the repository (holdfast wal status)']);
    expect(lines([component([], {}, { timeline: 1, number: 5n })])).toEqual(['  ANY SECOND       not yet: segment 000000010000000000000005 is missing behind base backup 20261122-020000 (holdfast backup --kind base)']);
    const unknown = { systemIdentifier: '7400000000000000001', segmentSizeBytes: 16 * 1024 ** 2, timeline: 2, historyKnown: false, windows: [], newest: null };
    expect(lines([component([], { moments: unknown })])).toEqual(['  ANY SECOND       not yet: the history of timeline 2 is not in the repository (holdfast wal status)']);
    expect(lines([component([], { moments: { ...unknown, historyKnown: true } })])[0]).toContain('no base backup lies on the youngest timeline');
    expect(lines([component([], { logKept: false })])[0]).toContain('no log is kept');
    expect(lines([component(null)])[0]).toContain('holdfast backup --kind base');
    expect(lines([component(null, { logKept: false })])).toEqual([]);
    expect(lines([component(null, { failure: { cause: 'there is a stranger', hint: 'Look.' } })])).toEqual(['  ANY SECOND       not known: there is a stranger. Look.']);
  });

  it('names the component where there are several', () => {
    expect(lines([component([window('15T02:04', '23T02:04:00')]), component([], { component: 'other' })]).map((line) => line.slice(0, 25))).toEqual(['  ANY SECOND (postgres)  ', '  ANY SECOND (other)  not']);
  });
});
