import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/domain/canonical-json.ts';
import { checkKinds, type CheckClass } from '../../../src/domain/drill/check-class.ts';
import { drillCheck } from '../../../src/domain/drill/check.ts';
import { reportBytes, sampleOf } from '../../../src/domain/drill/drill-report.ts';
import { breaches, type JudgedObjective } from '../../../src/domain/drill/objectives.ts';
import type { StoreCoverage } from '../../../src/domain/drill/store-coverage.ts';
import { reportProblem } from '../../../src/report/report-schema.ts';
import { brokenChecks, pastDrills, sampleReport } from '../../report/sample-report.ts';

describe('a report', () => {
  it('says the same everywhere: verdict, sentence, times, objectives, trend', () => {
    expect(sampleReport()).toMatchObject({ verdict: 'proven', sentence: 'The service came back, and all 7 checks passed.', times: { rto: { ms: 731_000 }, rpo: { ms: 41_000 } }, trend: { drills: 7, proven: 6, rto: { newestMs: 731_000 } }, keepUntil: '2033-11-23T02:12:24.000Z' });
    const broken = sampleReport({ checks: brokenChecks });
    expect(broken).toMatchObject({ verdict: 'failed', sentence: 'The restore drill failed: Content of postgres, Roles of postgres.', times: { rto: { ms: null }, rpo: { ms: null } }, trend: { proven: 5 } });
    expect(broken.objectives.map(({ result }) => result)).toEqual(['met', 'met', 'notMeasured', 'notMeasured']);
    expect(sampleReport({ checks: [], expectedChecks: [] })).toMatchObject({ verdict: 'couldNotVerify', sentence: 'The restore drill could not check anything.' });
  });

  it('measures what was lost only where what came back was compared', () => {
    expect(sampleReport({ checks: [] }).times.rpo).toEqual({ ms: null, why: 'what came back was not compared' });
    const [content, ...rest] = sampleReport().checks.filter(({ name }) => name.startsWith('content:'));
    expect(sampleReport({ checks: [content, ...rest].filter((check) => check !== undefined) })).toMatchObject({ verdict: 'couldNotVerify', times: { rto: { ms: null }, rpo: { ms: 41_000 } } });
    expect(sampleReport({ checks: rest }).times.rpo.ms).toBeNull();
  });

  it('tells what would be lost of the whole service, and judges what is promised', () => {
    const redis = { component: 'redis', covered: { at: '2026-11-22T02:00:00.000Z', source: 'backup' }, promised: false } as const;
    const postgres = { component: 'postgres', covered: { at: '2026-11-23T01:59:50.000Z', source: 'keptLog' }, promised: true } as const;
    const rpo = (stores: readonly StoreCoverage[]) => {
      const report = sampleReport({ stores });
      expect(reportProblem(JSON.parse(canonicalJson(report)))).toBeNull();
      const { what, result, measuredMs } = report.objectives.find(({ objective }) => objective === 'rpo') as JudgedObjective;
      return [report.times.rpo.ms, what, result, measuredMs];
    };
    // A cache beside it is as old as its backup, which is said, and no breach.
    expect(rpo([postgres, redis])).toEqual([86_400_000, 'what would be lost of postgres', 'met', 10_000]);
    expect(rpo([postgres, { ...redis, promised: true }])).toEqual([86_400_000, 'what would be lost', 'missed', 86_400_000]);
    // A backup each night of a service that promises nothing is told.
    expect(rpo([redis])).toEqual([86_400_000, 'what would be lost', 'notMeasured', null]);
    expect(rpo([{ ...postgres, covered: { why: 'no image' } }, redis])).toEqual([null, 'what would be lost of postgres', 'notMeasured', null]);
    expect(sampleReport({ stores: [postgres] }).times.rpo).toMatchObject({ from: { what: 'the newest instant of the archived log, which this drill does not replay' } });
    expect(rpo([])).toEqual([null, 'what would be lost', 'notMeasured', null]);
  });

  it('of a drill that began with nothing has format 2, its keys and its cold start; any other has format 1', () => {
    const keys = [{ name: 'mail', place: 'file /escrow/mail.pem', found: true, why: '' }];
    expect(sampleReport({ keys })).toMatchObject({ format: 2, kind: 'rebuild', rebuilt: { keys, coldStart: { ms: 731_000, to: { what: 'the application answering' } } }, objectives: [{}, {}, { objective: 'rebuild', limitMs: 3_600_000, result: 'met' }, {}] });
    expect(sampleReport({ keys, expectedChecks: [] }).rebuilt?.coldStart).toMatchObject({ ms: 490_000, to: { what: 'the last server answering' } });
    const report = sampleReport();
    expect([report.format, Object.keys(report).includes('rebuilt')]).toEqual([1, false]);
    expect(reportProblem({ ...report, format: 2 })).toMatch(/^rebuilt/);
    expect(reportProblem({ ...sampleReport({ keys }), format: 1 })).not.toBeNull();
    expect(reportProblem({ ...report, format: 3 })).toMatch(/^format/);
  });

  it('is the same when it is made again beside its own', () => {
    const first = sampleReport();
    expect(sampleReport({ past: [...pastDrills, sampleOf(first)] })).toEqual(first);
  });

  it('is canonical, of the known shape, and never proven nor measured by what was not, whatever the checks came to', () => {
    const check = fc.constantFrom(...Object.keys(checkKinds) as CheckClass[]).chain((each) => fc.string().map((sentence) => drillCheck(`assertion:a${each}`, null, each, sentence)));
    fc.assert(fc.property(fc.array(check, { maxLength: 6 }), fc.subarray(['health', 'tests']), (checks, expectedChecks) => {
      const report = sampleReport({ checks, expectedChecks });
      expect(reportProblem(JSON.parse(canonicalJson(report)))).toBeNull();
      expect(reportBytes(report).split('\n')).toHaveLength(2);
      expect(report.verdict === 'proven').toBe(checks.length > 0 && expectedChecks.length === 0 && checks.every(({ verdict }) => verdict === 'proven'));
      if (report.verdict !== 'proven') expect(report.times.rto.ms).toBeNull();
      expect(breaches(report.objectives).length).toBe(report.objectives.filter(({ result }) => result === 'missed').length);
    }));
  });
});
