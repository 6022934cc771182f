import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HoldfastFailure, failureKinds, isFailure, isFailureType, type FailureExit, type FailureType } from '../../src/domain/failures.ts';
import { readSources } from '../support/source-file.ts';

const exitCodes: Readonly<Record<FailureExit, number>> = { failed: 1, usage: 2, refused: 3, couldNotVerify: 4, busy: 6, unreachable: 7 };
const types = Object.keys(failureKinds) as FailureType[];
const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));

describe('docs/errors.md', () => {
  it('has exactly one row per failure type, in the order of the list', () => {
    expect(rows.map(([name]) => name)).toEqual(types.map((type) => `\`${type}\``));
  });

  it.each(types)('says of %s what the list says, and what to do', (type) => {
    const kind = failureKinds[type];
    const [, meaning, retried, exit, whatToDo] = rows.find(([name]) => name === `\`${type}\``) ?? [];
    expect({ meaning, retried, exit }).toEqual({ meaning: kind.meaning, retried: kind.retryable ? 'yes' : 'no', exit: String(exitCodes[kind.exit]) });
    expect(whatToDo).toMatch(/^[A-Z].{15,}\.$/);
  });

  it('has the exit codes of the list', () => {
    for (const [word, code] of Object.entries({ done: 0, waiting: 5, ...exitCodes })) expect(page).toMatch(new RegExp(`^\\| ${code} \\| ${word} \\| .+ \\|$`, 'm'));
  });
});

describe('HoldfastFailure', () => {
  const failure = new HoldfastFailure('DumpFailed', { operation: 'dump the database', object: 'shop/orders', cause: 'pg_dump ended with 1', hint: 'Read its message.' });

  it('says what was done to what, why it failed, and what to do', () => {
    expect(failure.message).toBe('dump the database (shop/orders): pg_dump ended with 1. Read its message.');
  });

  it.each(types)('is retried for %s exactly when the list says so', (type) => {
    expect(new HoldfastFailure(type, failure.fields).retryable).toBe(failureKinds[type].retryable);
  });

  it('is recognised by its type, and nothing else is', () => {
    expect([isFailure(failure), isFailure(failure, 'DumpFailed'), isFailure(failure, 'Internal'), isFailure(new Error('x')), isFailure(null)]).toEqual([true, true, false, false, false]);
    expect([isFailureType('DumpFailed'), isFailureType('toString'), isFailureType('__proto__'), isFailureType('')]).toEqual([true, false, false, false]);
  });
});

describe('the list of failures', () => {
  /** Where a type is only asked for, it is not produced. */
  const askedFor = /isFailure\([^()]*'\w+'\)|[!=]== '\w+'|'\w+' [!=]==|^\s*(\/\/|\/?\*).*$/gm;
  const sources = readSources().filter(({ path }) => path !== 'domain/failures.ts').map(({ text }) => text.replace(askedFor, ''));

  it.each(types)('has no dead name: %s is produced somewhere', (type) => {
    expect(sources.filter((text) => text.includes(`'${type}'`)).length).toBeGreaterThan(0);
  });

  it('never retries what a human refused, or what was verified', () => {
    for (const type of ['ApprovalRejected', 'ApprovalExpired', 'ApprovalNotForThisRun', 'PlanChanged', 'ProofFailed', 'CouldNotVerify', 'AmbiguousState', 'ManifestDamaged', 'ArtifactDamaged'] as const) {
      expect(failureKinds[type].retryable).toBe(false);
    }
  });

  it('words each meaning as one sentence', () => {
    for (const type of types) expect(failureKinds[type].meaning, type).toMatch(/^[A-Z\p{L}][^|]*\.$/u);
  });
});
