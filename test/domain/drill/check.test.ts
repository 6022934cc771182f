import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureKinds, type FailureType } from '../../../src/domain/failures.ts';
import { checkKinds, classOfFailure, isCheckClass, type CheckClass } from '../../../src/domain/drill/check-class.ts';
import { checkName, drillCheck, judgeChecks, worstChecksFirst } from '../../../src/domain/drill/check.ts';

const classes = Object.keys(checkKinds) as CheckClass[];
const anyClass = fc.constantFrom(...classes);
const anyCheck = fc.tuple(fc.stringMatching(/^[a-z]{1,6}(:[a-z]{1,4})?$/), anyClass).map(([name, each]) => drillCheck(name, null, each));
const anyNames = fc.array(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 5 });

describe('the classes of checks', () => {
  it('each say what they mean, and what to do unless all is well', () => {
    for (const [name, { verdict, meaning, next }] of Object.entries(checkKinds)) {
      expect(meaning, name).toMatch(/^[A-Z].*\.$/s);
      if (verdict === 'proven') expect(next, name).toBe('');
      else expect(next, name).toMatch(/\.$/);
    }
    expect(isCheckClass('roleMissing')).toBe(true);
    expect(isCheckClass('toString')).toBe(false);
  });

  it('let no failure of a step pass, and blame the backup only for what says something about it', () => {
    for (const type of Object.keys(failureKinds) as FailureType[]) expect(checkKinds[classOfFailure(type)].verdict, type).not.toBe('proven');
    for (const type of ['DockerUnreachable', 'ImageMissing', 'HelperFailed', 'HelperLost', 'SecretNotFound', 'NotEnoughSpace', 'RunTerminated', 'Internal', 'WorkerLost', 'RepositoryUnreachable', 'VersionMismatch', 'DatabaseUnreachable'] as const) {
      expect(checkKinds[classOfFailure(type)].verdict, type).toBe('couldNotVerify');
    }
    // A server that ran and was not in time is no other than one that nobody could ask.
    expect(classOfFailure('DatabaseUnreachable')).toBe('serverNotInTime');
    for (const type of ['ArtifactDamaged', 'ManifestDamaged', 'ObjectNotFound', 'RestoreFailed', 'PageDamaged'] as const) expect(checkKinds[classOfFailure(type)].verdict, type).toBe('failed');
  });
});

describe('the verdict of a drill', () => {
  it('is failed where any check failed, and proven only where each one that was expected answered, and every one passed', () => {
    fc.assert(fc.property(anyNames, fc.array(anyCheck, { maxLength: 8 }), anyClass, (expected, answered, reason) => {
      const { verdict, checks } = judgeChecks(expected, answered, reason);
      const all = expected.every((name) => answered.some((each) => each.name === name || each.name.startsWith(`${name}:`)));
      expect(verdict === 'failed').toBe(answered.some((each) => each.verdict === 'failed'));
      expect(verdict === 'proven').toBe(answered.length > 0 && all && answered.every((each) => each.verdict === 'proven'));
      expect(answered.every((each) => checks.includes(each))).toBe(true);
      expect(checks.length - answered.length).toBe(new Set(expected.filter((name) => !answered.some((each) => each.name === name || each.name.startsWith(`${name}:`)))).size);
    }), { numRuns: 2_000 });
  });

  it('does not depend on the order of the answers', () => {
    fc.assert(fc.property(anyNames, fc.uniqueArray(anyCheck, { selector: ({ name }) => name, maxLength: 8 }).chain((checks) => fc.tuple(fc.constant(checks), fc.shuffledSubarray(checks, { minLength: checks.length }))), (expected, [one, other]) => {
      expect(judgeChecks(expected, one)).toEqual(judgeChecks(expected, other));
    }));
  });

  it('is open where nothing was checked, or what was promised did not come to it', () => {
    expect(judgeChecks([], []).verdict).toBe('couldNotVerify');
    const passed = drillCheck(checkName('content', 'postgres'), 'postgres', 'asExpected');
    const judged = judgeChecks(['content:postgres', 'health'], [passed], 'interrupted');
    expect(judged.verdict).toBe('couldNotVerify');
    expect(judged.checks.map(({ name, class: each }) => [name, each])).toEqual([['content:postgres', 'asExpected'], ['health', 'interrupted']]);
    // A check that did not run has neither passed nor failed, whatever its reason is called.
    expect(judgeChecks(['health'], [passed], 'asExpected').checks[1]?.class).toBe('checkDidNotRun');
    expect(judgeChecks(['health'], [passed], 'healthNotReached').checks[1]?.class).toBe('checkDidNotRun');
  });

  it('is proven over a harmless difference', () => {
    expect(judgeChecks(['roles'], [drillCheck('roles', 'postgres', 'harmlessDifference', 'A role more than there were.')]).verdict).toBe('proven');
  });
});

it('shows what is wrong first, on one line each, with a bound', () => {
  const checks = [drillCheck('a', null, 'asExpected'), drillCheck('b', null, 'imageMissing'), drillCheck('c', null, 'roleMissing', `a\n${'b'.repeat(1_000)}`)];
  expect(worstChecksFirst(checks).map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  expect(checks[2]?.sentence).toMatch(/^a b{397}…$/);
});

it('shows the data itself before what there is around it, and the application last', () => {
  const checks = ['amcheck:postgres', 'assertion:orders', 'canary', 'content:postgres', 'content:redis', 'content:redis:keysDiffer', 'health', 'ours', 'tests'].map((name) => drillCheck(name, null, 'asExpected'));
  expect(worstChecksFirst(checks).map(({ name }) => name)).toEqual(['content:postgres', 'content:redis', 'content:redis:keysDiffer', 'amcheck:postgres', 'canary', 'assertion:orders', 'health', 'tests', 'ours']);
});
