import { describe, expect, it } from 'vitest';
import { judgeBackups } from '../../../../src/domain/retention/rules/judge-backups.ts';
import type { BackupFacts } from '../../../../src/domain/retention/facts.ts';

const nowMs = Date.UTC(2026, 10, 29, 12);
const base = { systemIdentifier: '7', timeline: 1, begin: 0n, end: 1n };
const link = ({ backupId, sha256 }: BackupFacts) => ({ backupId, sha256 });
const backup = (sequence: number, on: readonly BackupFacts[] = [], more: Partial<BackupFacts> = {}): BackupFacts => ({
  backupId: `20261129-00000${sequence}`, sequence, sha256: `sum ${sequence}`, tookMs: 0, verdict: null, parts: [{ component: 'pg', kind: on.length === 0 ? 'base' : 'incremental', chain: on.map(link), base }], ...more,
});
const standingsOf = (...backups: readonly BackupFacts[]) => judgeBackups(backups, nowMs).map(({ standing, cause, isProven }) => [standing, cause, isProven]);

describe('a backup', () => {
  it('is sound unless something is known against it', () => {
    expect(standingsOf(backup(2), backup(1, [], { verdict: 'proven' }))).toEqual([['sound', '', true], ['sound', '', false]]);
  });

  it('is as good as what it stands on, unless it was itself proven since', () => {
    const full = backup(1, [], { verdict: 'failed' });
    expect(standingsOf(full, backup(2, [full]), backup(3, [full], { verdict: 'proven' }))).toEqual([
      ['failed', 'failed its newest proof', false], ['failed', `stands on ${full.backupId}, which failed its newest proof`, false], ['sound', '', true],
    ]);
  });

  it('is broken where that is gone or changed, whatever was proven before', () => {
    const full = backup(1);
    expect(standingsOf(backup(2, [full], { verdict: 'proven' }))).toEqual([['broken', `stands on ${full.backupId}, which is not in the repository, or its manifest cannot be believed`, false]]);
    expect(standingsOf({ ...full, sha256: 'another' }, backup(2, [full]))[1]?.[0]).toBe('broken');
  });

  it('that was imported is none that counts, whatever its proof says: its number is of when it came', () => {
    for (const verdict of ['proven', 'failed', null] as const) expect(standingsOf(backup(2, [], { verdict, imported: true, backupId: '20260118-203121' }))).toEqual([['imported', 'was imported', false]]);
  });

  it('of the future begins five minutes from now', () => {
    expect(standingsOf(backup(1, [], { backupId: '20261129-120500', verdict: 'proven' }), backup(2, [], { backupId: '20261129-120501', verdict: 'proven' }))).toEqual([['sound', '', true], ['future', 'claims a time that has not come yet', false]]);
  });
});
