import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ComponentProof, overallVerdict, type Verdict } from '../../src/domain/proof.ts';

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
