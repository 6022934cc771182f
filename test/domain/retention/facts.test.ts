import { describe, expect, it } from 'vitest';
import type { ComponentBackup } from '../../../src/domain/backup-manifest.ts';
import { partsOf } from '../../../src/domain/retention/facts.ts';
import { rollbackUses } from '../../../src/domain/retention/rollback-uses.ts';
import type { RollbackRecord } from '../../../src/domain/rollback.ts';

describe('what a manifest says', () => {
  const base = { engine: 'postgres', component: 'pg', method: 'base', server: { systemIdentifier: '7' }, range: { timeline: 2, begin: '0/28', end: '1/0', endAt: '' } };
  const of = (...components: readonly object[]) => partsOf({ components: components as unknown as readonly ComponentBackup[] });

  it('is which kind of backup it has of each component, what that stands on, and its part of the log', () => {
    const chain = [{ backupId: '20261101-000000', sha256: 'x' }];
    const place = { systemIdentifier: '7', timeline: 2, begin: 0x28n, end: 1n << 32n };
    expect(of({ engine: 'redis', component: 'r' }, { engine: 'postgres', component: 'd', method: 'dump' }, base, { ...base, chain })).toEqual([
      { component: 'r', kind: 'rdb', chain: [], base: null }, { component: 'd', kind: 'dump', chain: [], base: null },
      { component: 'pg', kind: 'base', chain: [], base: place }, { component: 'pg', kind: 'incremental', chain, base: place },
    ]);
  });
});

describe('rollback copies', () => {
  const record = (backupId: string | null, cutOvers: readonly object[] = []) => ({ workflowId: 'holdfast/restore/shop/1', backupId, cutOvers }) as unknown as RollbackRecord;
  const replace = { run: 'r', outlived: [], brings: { kind: 'backup', backupId: '20261102-000000', manifestSha256: '' } };

  it('hold what they came from as long as they are kept', () => {
    expect((['recorded', 'opening', 'opened', 'accepting', 'rolledBack', 'undone', 'accepted'] as const).map((state) => rollbackUses([{ record: record('20261101-000000'), state }]).length)).toEqual([1, 1, 1, 1, 0, 0, 0]);
    expect(rollbackUses([{ record: record(null), state: 'opened' }])).toEqual([]);
    expect(rollbackUses([{ record: record('20261101-000000', [{ engine: 'postgres', method: 'directory', replace }]), state: 'opened' }])).toEqual([
      { backupId: '20261101-000000', by: 'is what holdfast/restore/shop/1 brought in, whose rollback copy is kept' }, { backupId: '20261102-000000', by: 'is what holdfast/restore/shop/1 brought in, whose rollback copy is kept' },
    ]);
  });
});
