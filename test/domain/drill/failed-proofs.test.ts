import { describe, expect, it } from 'vitest';
import { drillCheck } from '../../../src/domain/drill/check.ts';
import { checkKinds, type CheckClass } from '../../../src/domain/drill/check-class.ts';
import type { DrilledComponent, DrillReport } from '../../../src/domain/drill/drill-report.ts';
import { failedProofs } from '../../../src/domain/drill/failed-proofs.ts';
import { sampleReport } from '../../report/sample-report.ts';

const plain = sampleReport();
/** Both stores out of one backup. */
const components = (depth: DrilledComponent['depth'] = 'dump'): readonly DrilledComponent[] => plain.components.map((each) => ({ ...each, backupId: '20261122-020000', manifestSha256: 'a'.repeat(64), ...(each.engine === 'postgres' ? { depth } : {}) }));
const report = (more: Partial<DrillReport>): DrillReport => ({ ...plain, components: components(), checks: [], ...more });
const content = (checkClass: CheckClass, component = 'postgres') => drillCheck(`content:${component}:${checkClass}`, component, checkClass);
const verifyFailed = plain.phases.map((each) => (each.phase === 'verify' ? { ...each, outcome: 'failed' as const } : each));
const found = (more: Partial<DrillReport>): readonly (readonly string[])[] => failedProofs(report(more)).map(({ components: each }) => each.map(({ component }) => component));

describe('a drill that found something against the backup', () => {
  it('is a failed proof of it, of the components that it was found in', () => {
    const differences = [{ object: 'public.orders', property: 'rows', expected: '2', found: '1' }];
    const [proof, ...others] = failedProofs(report({ checks: [content('countDiffers'), content('asExpected', 'redis')], components: components().map((each) => (each.engine === 'postgres' ? { ...each, differences } : each)) }));
    expect(others).toEqual([]);
    expect(proof).toMatchObject({ format: 1, service: plain.service, backupId: '20261122-020000', manifestSha256: 'a'.repeat(64), verdict: 'failed', finishedAt: plain.finishedAt, run: plain.run });
    expect(proof?.components).toMatchObject([{ component: 'postgres', verdict: 'failed', sentence: expect.stringContaining(`Found by drill ${plain.drillId}: `), differences }]);
    expect(found({ checks: [content('hashDiffers'), content('digestDiffers', 'redis')] })).toEqual([['postgres', 'redis']]);
  });

  it('speaks of each backup by itself', () => {
    const checks = [content('tableMissing'), content('keysDiffer', 'redis')];
    expect(failedProofs({ ...plain, checks, components: plain.components.map((each) => (each.engine === 'postgres' ? { ...each, depth: 'base' } : each)) }).map(({ backupId }) => backupId)).toEqual(['20261122-020000', '20261123-015500']);
  });

  it('counts a file that was unreadable when all of them were read, not one of a step behind it', () => {
    expect(found({ checks: [content('backupUnreadable')], phases: verifyFailed, components: components('baseAndLog'), kind: 'rebuild' })).toEqual([['postgres']]);
    expect(found({ checks: [content('backupUnreadable')], components: components('baseAndLog'), kind: 'rebuild' })).toEqual([]);
  });
});

it('is none of what speaks of the log, the server, the host, the image or the questions that were asked', () => {
  for (const [name, { verdict }] of Object.entries(checkKinds)) {
    const checkClass = name as CheckClass;
    for (const check of [drillCheck('content', null, checkClass), drillCheck(`amcheck:postgres`, 'postgres', checkClass), drillCheck('assertion:orders', 'postgres', checkClass)]) expect(found({ checks: [check], phases: verifyFailed })).toEqual([]);
    if (verdict !== 'failed') expect(found({ checks: [content(checkClass)], phases: verifyFailed })).toEqual([]);
  }
  for (const checkClass of ['logIncomplete', 'serverDidNotStart', 'restoreFailed', 'roleMissing', 'extensionMissing', 'localeMissing', 'collationVersionDiffers', 'noBackup', 'otherDatabase'] as const) expect(found({ checks: [content(checkClass)] })).toEqual([]);
  expect(found({ checks: [content('contentDiffers')], components: components('baseAndLog') })).toEqual([]);
  expect(found({ checks: [content('keysDiffer', 'redis')], kind: 'rebuild' })).toEqual([]);
});
