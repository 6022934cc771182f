/** The judge itself: a drill that answers anything but what it has to is told, in each way. */
import { expect, test } from 'vitest';
import { drillCheck } from '../../src/domain/drill/check.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import type { Expected } from './animal.ts';
import { answerOf, wrongIn } from './judge.ts';
import type { Drilled } from './lane.ts';
import { allKinds } from './kinds/all.ts';

const expected: Expected = { verdict: 'failed', check: 'content:redis', class: 'keysDiffer', sentence: /found 54/ };
const content = drillCheck('content:redis:keysDiffer', 'redis', 'keysDiffer', '1 difference: database 0: keys 55, found 54.');
const drilled = (checks: DrillReport['checks'], rest: object = {}, failure: Drilled['failure'] = { type: 'ProofFailed', message: 'no' }): Drilled =>
  ({ failure, testOutput: '', report: { verdict: 'failed', checks, cleanUp: { outcome: 'clean', removed: 3, leftovers: [] }, ...rest } as unknown as DrillReport });

test('what is answered as it has to be is right, with what could not be checked for it', () => {
  expect(wrongIn(drilled([content, drillCheck('canary:redis', null, 'checkDidNotRun')]), expected)).toEqual([]);
});

test.each<readonly [string, Drilled, RegExp]>([
  ['another verdict', drilled([content], { verdict: 'couldNotVerify' }), /the verdict is couldNotVerify/],
  ['another end', drilled([content], {}, null), /ended with none/],
  ['another class', drilled([drillCheck('content:redis', 'redis', 'digestDiffers')]), /no check content:redis is keysDiffer/],
  ['another check', drilled([{ ...content, name: 'canary:redis' }]), /no check content:redis/],
  ['another sentence', drilled([{ ...content, sentence: 'Something.' }]), /no sentence is/],
  ['one more that failed', drilled([content, drillCheck('settings:redis', 'redis', 'settingMissing')]), /settings:redis is settingMissing/],
  ['what was left', drilled([content], { cleanUp: { outcome: 'leftovers', removed: 1, leftovers: ['volume-7'] } }), /volume-7/],
  ['no report', { failure: { type: 'Internal', message: 'oh' }, report: null, testOutput: '' }, /no report; the run ended with Internal/],
])('%s is wrong', (_name, answer, sentence) => {
  expect(wrongIn(answer, expected).join('\n')).toMatch(sentence);
});

test('a secret that can be read, a refusal that is none, and one of another kind are wrong', () => {
  const secretive: Expected = { ...expected, secret: /s3cret/ };
  expect(wrongIn({ ...drilled([content]), testOutput: 's3cret' }, secretive)).toEqual(['a secret can be read']);
  const refused: Expected = { refused: 'RepositoryDamaged', sentence: /link/ };
  expect(wrongIn({ failure: { type: 'RepositoryDamaged', message: 'a link' }, report: null, testOutput: '' }, refused)).toEqual([]);
  expect(wrongIn(drilled([], {}, null), refused)).toHaveLength(2);
  expect(wrongIn({ failure: { type: 'Internal', message: 'a link' }, report: null, testOutput: '' }, refused)).toHaveLength(1);
});

test('what is told of an answer leads with what is wrong', () => {
  expect(answerOf(drilled([drillCheck('canary:redis', null, 'checkDidNotRun'), content]))).toBe('failed; content:redis:keysDiffer keysDiffer: 1 difference: database 0: keys 55, found 54.');
});

test('there are as many kinds as promised, and each has a name of its own', () => {
  const names = allKinds.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
});
