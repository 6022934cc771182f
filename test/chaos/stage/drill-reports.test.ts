/** What the sweep lets a drill leave, and what it does not: nothing counts as proven that did not run. */
import { expect, test } from 'vitest';
import { judgeDrills, type DrillTrial, type ObservedDrill } from './drill-reports.ts';

type Report = NonNullable<ObservedDrill['report']>;
const check = (name: string, verdict: 'proven' | 'failed' | 'couldNotVerify' = 'proven'): Report['checks'][number] => ({ name, component: null, class: 'asExpected', verdict, sentence: '', next: '' });
const drill = (verdict: Report['verdict'], checks: Report['checks'], more: Partial<ObservedDrill> = {}, outcome: Report['cleanUp']['outcome'] = 'clean'): ObservedDrill =>
  ({ drillId: 'one', runId: 'run', text: 'text', report: { verdict, checks, run: { namespaceId: '', workflowId: '', runId: 'run' }, cleanUp: { outcome } }, ...more });
const trial: DrillTrial = { runbook: 'runDrill', runId: 'run', outcome: { status: 'COMPLETED', failure: null }, promised: ['health', 'assertion:items'] };
const ended = (status: string, failure: string | null = null): DrillTrial => ({ ...trial, outcome: { status, failure } });
const all = [check('health'), check('assertion:items')];
const old: ObservedDrill = { ...drill('failed', []), drillId: 'old', runId: 'another', text: 'old' };

test('a drill that came to its end has one report, of its own, in which all that it promised passed', () => {
  expect(judgeDrills(trial, [old], [old, drill('proven', all)])).toEqual([]);
  for (const made of [[], [drill('couldNotVerify', all)], [drill('proven', all, { text: null, report: null })], [drill('proven', all, { report: null })], [drill('proven', all, {}, 'leftovers')], [drill('proven', all, { runId: 'another' })],
    [drill('proven', all), drill('proven', all, { drillId: 'two' })]]) expect(judgeDrills(trial, [], made)).not.toEqual([]);
});

test.each([['is missing', [check('health')]], ['could not be made', [check('health'), check('assertion:items', 'couldNotVerify')]], ['failed for one of several', [...all, check('health:two', 'failed')]]])('proven is wrong where a check %s, however the run ended', (_what, checks) => {
  for (const status of ['COMPLETED', 'TERMINATED', 'CANCELLED']) expect(judgeDrills(ended(status), [], [drill('proven', checks)])).toHaveLength(1);
});

test('one that ended before may have left a claim, or what it could tell', () => {
  for (const status of ['TERMINATED', 'CANCELLED']) for (const made of [[], [drill('couldNotVerify', [], { text: null, report: null })], [drill('couldNotVerify', [])], [drill('proven', all)]]) expect(judgeDrills(ended(status), [], made)).toEqual([]);
  expect(judgeDrills(ended('FAILED', 'ProofFailed'), [], [drill('failed', [check('health', 'failed')])])).toEqual([]);
  expect(judgeDrills(ended('FAILED', 'ProofFailed'), [], [drill('proven', all)])).toHaveLength(1);
});

test('what earlier drills left stays as it is, whatever runs', () => {
  for (const after of [[], [{ ...old, text: 'another' }], [{ ...old, text: null }]]) expect(judgeDrills({ ...ended('COMPLETED'), runbook: 'pruneBackups' }, [old], after)).toHaveLength(1);
  expect(judgeDrills({ ...ended('COMPLETED'), runbook: 'pruneBackups' }, [{ ...old, text: null }], [old])).toEqual([]);
});
