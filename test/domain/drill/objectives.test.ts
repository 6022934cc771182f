import { describe, expect, it } from 'vitest';
import { breaches, defaultObjectives, judgeObjectives, phaseMs, spanMs, type DrillPhase, type ObjectiveFacts } from '../../../src/domain/drill/objectives.ts';

const phase = (name: DrillPhase['phase'], from: string, to: string, outcome: DrillPhase['outcome'] = 'done'): DrillPhase =>
  ({ phase: name, component: null, beganAt: `2026-11-23T02:${from}.000Z`, finishedAt: `2026-11-23T02:${to}.000Z`, outcome });
const instant = { at: '2026-11-23T02:00:00.000Z', what: 'then' };
const facts: ObjectiveFacts = {
  kind: 'restore', objectives: defaultObjectives, backupMs: 300_000, phases: [phase('verify', '00:00', '00:40'), phase('verify', '00:10', '01:00')],
  times: { rto: { ms: 1_800_600, from: instant, to: instant } }, loss: { measured: { ms: null, why: 'nothing was brought back' }, of: [] },
};

describe('objectives', () => {
  it('are met up to their very limit, missed beyond it, and not measured where nothing was', () => {
    expect(judgeObjectives(facts).map(({ objective, measuredMs, result, why }) => [objective, measuredMs, result, why])).toEqual([
      ['backup', 300_000, 'met', ''], ['verify', 60_000, 'met', ''], ['restore', 1_800_600, 'missed', ''], ['rpo', null, 'notMeasured', 'nothing was brought back'],
    ]);
    expect(breaches(judgeObjectives(facts))).toEqual(['RTO (restore): 30 min 1 s, 30 min 0 s allowed (from the request to the last check).']);
  });

  it('say of which stores something would be lost, and judge nothing that nobody promised', () => {
    const loss = (of: readonly string[]) => ({ measured: { ms: 900_001, from: instant, to: instant }, of });
    const rpo = (given: ObjectiveFacts['loss']) => judgeObjectives({ ...facts, loss: given }).at(-1);
    expect(rpo(loss([]))).toMatchObject({ objective: 'rpo', what: 'what would be lost', result: 'missed', measuredMs: 900_001 });
    expect(rpo(loss(['postgres']))).toMatchObject({ what: 'what would be lost of postgres', result: 'missed' });
    expect(rpo(null)).toMatchObject({ result: 'notMeasured', measuredMs: null, why: expect.stringContaining('no objectives are written') as string });
  });

  it('of a rebuild are its own', () => {
    expect(judgeObjectives({ ...facts, kind: 'rebuild' }).map(({ objective, result }) => [objective, result])).toContainEqual(['rebuild', 'met']);
    expect(judgeObjectives({ ...facts, kind: 'failover' }).map(({ objective, result }) => [objective, result])).toContainEqual(['restore', 'missed']);
  });

  it('are not met by a phase that was stopped', () => {
    const stopped = judgeObjectives({ ...facts, phases: [phase('verify', '00:00', '00:01', 'stopped')], backupMs: null });
    expect(stopped.slice(0, 2).map(({ result, why }) => [result, why])).toEqual([['notMeasured', 'nothing was brought back'], ['notMeasured', 'it did not come to its end']]);
    expect(judgeObjectives({ ...facts, phases: [] })[1]).toMatchObject({ result: 'notMeasured', why: 'the drill did not come to it' });
  });

  it('never count below nothing', () => {
    expect(phaseMs(phase('start', '05:00', '04:00'))).toBe(0);
    expect(spanMs([])).toBe(0);
  });
});
