import { describe, expect, it } from 'vitest';
import { coldStart, type ColdStartFacts } from '../../../src/domain/drill/cold-start.ts';
import { checkName, drillCheck } from '../../../src/domain/drill/check.ts';
import type { DrillPhase } from '../../../src/domain/drill/objectives.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 23, 2, 0, second)).toISOString();
const phase = (name: DrillPhase['phase'], component: string | null, end: number, outcome: DrillPhase['outcome'] = 'done'): DrillPhase => ({ phase: name, component, beganAt: at(end - 1), finishedAt: at(end), outcome });
const facts: ColdStartFacts = {
  requestedAt: at(0), components: ['postgres', 'redis'], expectedChecks: [], checks: [],
  phases: [phase('start', 'redis', 5), phase('start', 'postgres', 20), phase('compare', 'postgres', 40), phase('health', null, 50), phase('test', null, 55)],
};
const healthy = drillCheck(checkName('health'), null, 'asExpected');

describe('a cold start', () => {
  it('ends when the last server answers; what is compared behind it keeps nobody waiting', () => {
    expect(coldStart(facts)).toMatchObject({ ms: 20_000, to: { at: at(20), what: 'the last server answering' } });
  });

  it('ends when the application answers, where it is asked', () => {
    expect(coldStart({ ...facts, expectedChecks: ['health'], checks: [healthy] })).toMatchObject({ ms: 50_000, to: { what: 'the application answering' } });
  });

  it.each<readonly [string, Partial<ColdStartFacts>]>([
    ['postgres did not come up', { phases: facts.phases.filter(({ component }) => component !== 'postgres') }],
    ['redis did not come up', { phases: [phase('start', 'redis', 5, 'failed'), ...facts.phases.slice(1)] }],
    ['the application did not answer', { expectedChecks: ['health'], checks: [drillCheck(checkName('health'), null, 'healthNotReached')] }],
    ['the application did not answer', { expectedChecks: ['health'] }],
    ['nothing came up', { components: [], phases: [] }],
    ['the clocks do not agree', { requestedAt: at(59) }],
  ])('is not measured where %s', (why, changed) => {
    expect(coldStart({ ...facts, ...changed })).toEqual({ ms: null, why });
  });
});
