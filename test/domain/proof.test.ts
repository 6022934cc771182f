import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ComponentProof, overallVerdict, standingProof, type Verdict } from '../../src/domain/proof.ts';

const verdicts: readonly Verdict[] = ['proven', 'failed', 'couldNotVerify'];
const proof = (verdict: Verdict): ComponentProof => ({ component: 'postgres', verdict, sentence: 'Restored and compared.', differences: [], comparedObjects: 1, notCompared: [] });

it('is proven only when something was proven and nothing was not', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...verdicts), { maxLength: 6 }), (each) =>
    (overallVerdict(each.map(proof)) === 'proven') === (each.length > 0 && each.every((verdict) => verdict === 'proven'))));
});

it('is failed as soon as one part failed, whatever could not be verified beside it', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...verdicts), { maxLength: 6 }), (each) => (overallVerdict(each.map(proof)) === 'failed') === each.includes('failed')));
});

it('takes nothing for something that could not be verified, never for a pass', () => {
  expect(overallVerdict([])).toBe('couldNotVerify');
  expect(overallVerdict([proof('proven'), proof('couldNotVerify')])).toBe('couldNotVerify');
});

it('stands until another one gives an answer: one that could not be made takes nothing back, nor does one of another manifest', () => {
  const own = (verdict: Verdict) => ({ manifestSha256: 'a', verdict });
  expect(standingProof([], 'a')).toBeUndefined();
  expect(standingProof([own('couldNotVerify')], 'a')).toBeUndefined();
  for (const answer of ['proven', 'failed'] as const) expect(standingProof([own('proven'), own('failed'), own(answer), own('couldNotVerify'), own('couldNotVerify')], 'a')?.verdict).toBe(answer);
  expect(standingProof([own('proven'), { manifestSha256: 'b', verdict: 'failed' }], 'a')?.verdict).toBe('proven');
});
