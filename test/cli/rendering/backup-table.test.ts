import { describe, expect, it } from 'vitest';
import { releasedOf, type CatalogEntry } from '../../../src/cli/backup-catalog.ts';
import { backupTable, holdText, releasedText, serviceLine } from '../../../src/cli/rendering/backup-table.ts';
import { backupText } from '../../../src/cli/rendering/backup-text.ts';
import { holdsOn, type Hold } from '../../../src/domain/hold.ts';
import type { ProofRecord, Verdict } from '../../../src/domain/proof.ts';
import { readConfig } from '../../config/read-config.ts';
import { base, run, sampleManifest } from '../../repository/sample-manifest.ts';

const manifest = sampleManifest('shop', { backupId: '20261123-010000', sequence: 1, previousManifestSha256: null, repositoryId: 'r' });
const proof = (verdict: Verdict, sentence: string, finishedAt = '2026-11-23T01:03:00Z'): ProofRecord => ({
  format: 1, service: 'shop', backupId: manifest.backupId, manifestSha256: 'a'.repeat(64), verdict, beganAt: finishedAt, finishedAt, run: run('proof'),
  components: [{ component: 'postgres', verdict, sentence, differences: [], comparedObjects: 3, notCompared: [] }],
});
const entry = (over: Partial<CatalogEntry>): CatalogEntry => ({ id: '20261123-010000', manifest, manifestSha256: 'a'.repeat(64), damage: null, proof: null, repositories: ['nas'], ...over });
const rows = (entries: readonly CatalogEntry[]): readonly string[] => backupTable(entries, ['postgres', 'redis'], 'Europe/Berlin');

describe('backupTable', () => {
  it('has a row a backup, with sizes, local time, and what is known about its proof', () => {
    expect(rows([
      entry({ id: '20261124-010000' }),
      entry({ proof: proof('proven', 'equal') }),
      entry({ id: '20261122-010000', proof: proof('failed', 'table agents: 3 rows differ', '2026-11-23T05:00:00Z') }),
      entry({ id: '20261121-010000', proof: proof('couldNotVerify', 'the image is gone'), repositories: ['nas', 'offsite'] }),
      entry({ id: '20261120-010000', manifest: null, manifestSha256: null, damage: 'its SHA-256 is another' }),
    ])).toEqual([
      '  BACKUP           LOCAL TIME        POSTGRES  REDIS  PROVEN                                             WHERE',
      '  20261124-010000  Tue 24 Nov 02:00  11B       5B     not yet                                            nas',
      '  20261123-010000  Mon 23 Nov 02:00  11B       5B     proven 02:03                                       nas',
      '  20261122-010000  Sun 22 Nov 02:00  11B       5B     FAILED 23 Nov 06:00 (table agents: 3 rows differ)  nas',
      '  20261121-010000  Sat 21 Nov 02:00  11B       5B     could not verify 23 Nov 02:03 (the image is gone)  nas, offsite',
      '  20261120-010000  Fri 20 Nov 02:00  -         -      DAMAGED (its SHA-256 is another)                   nas',
    ]);
  });

  it('names the day of a proof that came later', () => {
    expect(rows([entry({ proof: proof('proven', 'equal', '2026-11-24T05:00:00Z') })])[1]).toContain('proven 24 Nov 06:00');
  });
});

describe('serviceLine', () => {
  const [service] = readConfig('services:\n  shop: { postgres: { container: db }, redis: { container: cache } }\nrepositories: { nas: { url: /b } }\n').services;
  if (service === undefined) throw new Error('no service');

  it('says what the newest backup holds, else only which containers', () => {
    expect(serviceLine(service, manifest)).toBe('shop · db (PostgreSQL 17.6, 7.2MB) · cache (Redis 8.0.2, 10 keys)');
    expect(serviceLine(service, null)).toBe('shop · db · cache');
  });

  it('says how it is now where that was asked', () => {
    expect(serviceLine(service, manifest, {
      stores: [{ component: 'postgres', version: 'PostgreSQL 17.6', sizeBytes: 4_500_000_000, state: 'answers' }, { component: 'redis', version: null, sizeBytes: null, state: 'is not running' }],
      health: { path: '/health', answer: '503' },
    })).toBe('shop · db (PostgreSQL 17.6, 4.2GB) · cache (is not running) · /health 503');
  });
});

describe('an incremental backup', () => {
  const chain = [{ backupId: '20261122-010000', sha256: 'b'.repeat(64) }, { backupId: '20261122-130000', sha256: 'c'.repeat(64) }];
  const incremental = { ...manifest, components: [{ ...base, chain }, ...manifest.components.slice(1)] };

  it('says what it goes on from, and in full all that it stands on', () => {
    expect(rows([entry({ manifest: incremental })])[1]).toContain('26B on 20261122-130000  5B');
    expect(backupText(entry({ manifest: incremental }), { timeZone: 'UTC', now: '2026-11-24T00:00:00.000Z' }).join('\n')).toContain('what changed since 20261122-130000 (incremental; stands on 20261122-010000, 20261122-130000)');
  });

  it('says which stores had a canary written into them', () => {
    const text = (changed: Partial<typeof manifest>): string => backupText(entry({ manifest: { ...manifest, ...changed } }), { timeZone: 'UTC', now: '2026-11-24T00:00:00.000Z' }).join('\n');
    expect(text({ format: 3, canary: { nonce: '0f'.repeat(16), writtenAt: '2026-11-23T00:59:59.000Z', components: ['postgres', 'redis'] } })).toMatch(/canary in postgres and redis, written .*00:59:59/);
    expect(text({})).not.toContain('canary');
  });

  it('is held where a page was found damaged, with all that are older', () => {
    const hold: Hold = { format: 1, service: 'shop', backupId: '20261124-010000', sequence: 2, component: 'postgres', reason: 'checksum verification failed in file "./base/5/1259", block 3', at: '2026-11-24T01:00:00.000Z', run: run('hold') };
    expect(holdText(hold)).toBe('HELD: every backup from before 20261124-010000 stays, which could not be taken of postgres: checksum verification failed in file "./base/5/1259", block 3');
    const byHand: Hold = { format: 1, service: 'shop', backupId: '20261123-010000', sequence: 1, reason: 'audit', requestedBy: 'mia@laptop', at: '2026-11-24T01:00:00.000Z', run: run('hold') };
    expect(holdText(byHand)).toBe('HELD: 20261123-010000 stays, for mia@laptop: audit');
    const release = { format: 1, service: 'shop', backupId: '20261123-010000', reason: 'over', requestedBy: 'mia@laptop', at: '2026-11-25T01:00:00.000Z', run: run('release') } as const;
    expect(releasedText({ hold: byHand, release }, 'UTC')).toBe('Released Wed 25 Nov 01:00 by mia@laptop (over): 20261123-010000 was held, for mia@laptop: audit');
    expect([1, 2].map((sequence) => releasedOf([{ hold: byHand, release }], [entry({ manifest: { ...manifest, sequence } })]).length)).toEqual([1, 0]);
    expect([holdsOn([hold], 1), holdsOn([hold], 2), holdsOn([hold], 3)]).toEqual([[hold], [], []]);
  });
});
