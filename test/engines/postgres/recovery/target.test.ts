import { describe, expect, it } from 'vitest';
import { liesBehind, reachedTarget, recoverySettings } from '../../../../src/engines/postgres/recovery/target.ts';

describe('recoverySettings', () => {
  it.each([
    [{ kind: 'time', at: '2026-11-23T01:47:05.123456Z' }, { recovery_target_time: '2026-11-23 01:47:05.123456+00' }],
    [{ kind: 'lsn', lsn: 0x16_b374d848n }, { recovery_target_lsn: '16/B374D848' }],
    [{ kind: 'xid', xid: 735n }, { recovery_target_xid: '735' }],
    // The second epoch's transaction 735.
    [{ kind: 'xid', xid: (1n << 32n) + 735n }, { recovery_target_xid: '735' }],
    [{ kind: 'consistent', backupId: 'x' }, { recovery_target: 'immediate' }],
  ] as const)('%o', (target, settings) => {
    for (const inclusive of [true, false]) {
      expect(recoverySettings({ target, inclusive, timeline: 3 })).toEqual({ ...settings, recovery_target_timeline: '3', recovery_target_action: 'pause', recovery_target_inclusive: inclusive ? 'on' : 'off' });
    }
  });
});

describe('liesBehind', () => {
  const standing = { lsn: '0/3000028', lastCommitAt: '2026-11-23T01:47:05.123456Z' };
  it.each([
    [{ kind: 'lsn', lsn: 0x3000029n }, true], [{ kind: 'lsn', lsn: 0x3000028n }, false],
    // A commit a second later than the last one may be replayed already: recovered anew, it would not be there.
    [{ kind: 'time', at: '2026-11-23T01:47:06.000000Z' }, false], [{ kind: 'time', at: '2026-11-23T01:47:15.124000Z' }, true], [{ kind: 'time', at: '2026-11-23T01:40:00.000000Z' }, false],
    [{ kind: 'xid', xid: 999n }, false], [{ kind: 'consistent', backupId: 'x' }, false],
  ] as const)('%o: %s', (target, behind) => {
    expect(liesBehind(target, standing)).toBe(behind);
  });

  it('knows nothing of a time where nothing was replayed that has one', () => {
    expect(liesBehind({ kind: 'time', at: '2099-01-01T00:00:00.000000Z' }, { ...standing, lastCommitAt: null })).toBe(false);
  });
});

/** As PostgreSQL 15, 17 and 18 write it. */
const log = (stop: string, last = '2026-11-23 01:47:05.123456+00'): string => `2026-11-23 03:00:00.000 GMT [77] LOG:  redo starts at 0/2000028
2026-11-23 03:00:00.001 GMT [77] LOG:  ${stop}
2026-11-23 03:00:00.002 GMT [77] LOG:  pausing at the end of recovery
2026-11-23 03:00:00.003 GMT [77] HINT:  Execute pg_wal_replay_resume() to promote.
${last === '' ? '' : `2026-11-23 03:00:00.004 GMT [77] LOG:  last completed transaction was at log time ${last}\n`}`;

describe('reachedTarget', () => {
  it.each([
    ['recovery stopping before commit of transaction 735, time 2026-11-23 01:47:05.123456+00', { stop: 'before commit of transaction 735, time 2026-11-23 01:47:05.123456+00', xid: '735', time: '2026-11-23 01:47:05.123456+00' }],
    ['recovery stopping after commit of transaction 735, time 2026-11-23 01:47:05+00', { stop: 'after commit of transaction 735, time 2026-11-23 01:47:05+00', xid: '735', time: '2026-11-23 01:47:05+00' }],
    ['recovery stopping before abort of transaction 735, time 2026-11-23 01:47:05+00', { xid: '735' }],
    ['recovery stopping after WAL location (LSN) "0/3000110"', { stop: 'after WAL location (LSN) "0/3000110"', xid: null, time: null }],
    ['recovery stopping at restore point "x", time 2026-11-23', { stop: 'at restore point "x", time 2026-11-23', xid: null, time: null }],
    ['recovery stopping after reaching consistency', { stop: 'after reaching consistency', xid: null }],
  ])('%s', (stop, reached) => {
    expect(reachedTarget(log(stop))).toMatchObject({ ...reached, lastCommit: '2026-11-23 01:47:05.123456+00' });
  });

  it('is nothing where the server only came to the end of its log', () => {
    expect(reachedTarget('LOG:  redo done at 0/3000110\nLOG:  archive recovery complete\n')).toBeNull();
  });

  it('is the last stop, of a server that was told to go on', () => {
    const twice = `${log('recovery stopping before commit of transaction 735, time a')}${log('recovery stopping before commit of transaction 740, time b', '')}`;
    expect(reachedTarget(twice)?.xid).toBe('740');
  });
});
