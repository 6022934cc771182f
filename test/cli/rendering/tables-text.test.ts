import { expect, test } from 'vitest';
import { planText } from '../../../src/cli/rendering/plan-text.ts';
import { resultText } from '../../../src/cli/rendering/result-text.ts';
import type { PlanBody, RestorePlan } from '../../../src/domain/restore-plan.ts';

const clock = { timeZone: 'Europe/Berlin', now: '2026-11-23T02:00:00Z' };
const body: PlanBody = {
  format: 1, operation: 'restoreTables', service: 'shop', backup: { id: '20261123-010000', manifestSha256: '0', point: '2026-11-23T01:47:05.113000Z', skewMs: 0 }, rollbackOf: null,
  stores: [{ component: 'postgres', engine: 'postgres', container: 'db', containerId: 'c', volume: 'data', identity: '7000012345', database: 'shop' }], restarts: [], steps: ['db: one transaction'], losses: [],
  tables: [{ table: 'public.orders', missing: '3', changed: '0', extra: '1', extraGo: false, keys: null }], compared: [], notCompared: [{ object: 'the rows as they were', reason: 'no manifest' }],
  notes: ['The log was replayed in a copy.'], wayBack: 'holdfast undo',
  moment: { asked: 'xid:918442', inclusive: false, timeline: 2, lsn: '16/B374D848', stop: 'before commit of transaction 918442, time 2026-11-23 01:47:06+00', lastCommitAt: '2026-11-23T01:47:05.113000Z', segments: 3, companions: [] },
};
const plan: RestorePlan = { body, envelope: { workflowId: 'holdfast/tables/shop/a-7f3a', runId: 'r', nonce: 'n', issuedAt: '2026-11-23T02:00:00Z', expiresAt: '2026-11-23T03:00:00Z', digest: 'abcdef0123456789' } };

test('a plan of tables says which moment was asked for and where it landed, and compares nothing with a manifest that there is not', () => {
  const text = planText(plan, clock).join('\n');
  expect(text).toContain('Changes      rows of public.orders in db (database shop');
  expect(text).toMatch(/With +the service as of 02:47:05.113 CET \(01:47:05.113 UTC\), just before xid:918442 \(position 16\/B374D848, timeline 2, from base backup 20261123-010000 and 3 files of log\)/);
  expect(text).toContain('Not compared the rows as they were: no manifest');
  expect(text).not.toMatch(/^ +Compared/m);
});

test('what was done names the moment, not the base backup that led there', () => {
  const result = { outcome: 'restored', backupId: '20261123-010000', plan, tables: [{ table: 'public.orders', inserted: '3', changed: '0', removed: '0' }], intoSchema: null, rollbackRun: 'holdfast/tables/shop/a-7f3a' } as const;
  expect(resultText('tables', result, 'shop', clock)).toEqual(['Tables of shop have the rows that they had just before xid:918442.', '  public.orders: 3 rows inserted, 0 changed, 0 removed', expect.stringMatching(/^All well\?/)]);
  const beside = { ...result, plan: { ...plan, body: { ...body, moment: { ...body.moment as NonNullable<PlanBody['moment']>, inclusive: true, asked: 'mark:noon' } } }, tables: [], intoSchema: 'as_it_was', rollbackRun: null };
  expect(resultText('tables', beside, 'shop', clock)).toEqual(['The tables as they were at mark:noon are in the schema as_it_was of shop; the live ones were not touched.']);
});
