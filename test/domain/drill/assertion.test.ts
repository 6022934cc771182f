import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeAssertion, type Asked, type Assertion } from '../../../src/domain/drill/assertion.ts';
import { compareDecimals, expectationText, judgeAnswer, readExpectation, type Expectation } from '../../../src/domain/drill/expectation.ts';
import { redisQuestionProblem, redisReaders } from '../../../src/domain/drill/redis-question.ts';
import { sqlQuestionProblem } from '../../../src/domain/drill/sql-question.ts';

describe('what is expected', () => {
  it.each<readonly [unknown, Expectation | null]>([
    ['rows', { kind: 'rows' }], ['empty', { kind: 'empty' }], [42, { kind: 'equals', value: '42' }], ['paid', { kind: 'equals', value: 'paid' }], [true, { kind: 'equals', value: 'true' }],
    [{ equals: 'rows' }, { kind: 'equals', value: 'rows' }], [{ atLeast: 1, below: '100.5' }, { kind: 'number', atLeast: '1', below: '100.5' }],
    [{}, null], [[], null], [null, null], [undefined, null], [{ atLeast: 'many' }, null], [{ atleast: 1 }, null], [{ equals: 1, atLeast: 1 }, null], [{ equals: { equals: 1 } }, null],
    ['x'.repeat(1_001), null], [Number.NaN, null], [1e300, null],
  ])('%j is read', (value, expected) => {
    expect(readExpectation(value)).toEqual(expected);
  });

  it.each<readonly [unknown, number, string | null, string, string]>([
    ['rows', 3, 'a', 'holds', '3 rows'], ['rows', 0, null, 'fails', '0 rows'], ['empty', 0, null, 'holds', '0 rows'], ['empty', 1, 'a', 'fails', '1 row'],
    [42, 1, '42', 'holds', 'the value that was expected'], [42, 1, '42.000', 'holds', 'the value that was expected'], [42, 1, '41', 'fails', '41'], ['paid', 1, 'Anna Meier', 'fails', 'another value (not shown)'],
    [true, 1, 't', 'holds', 'the value that was expected'], [true, 1, 'f', 'fails', 'another value (not shown)'], [1, 1, '4000123412341234', 'fails', 'another number (not shown)'],
    [42, 0, null, 'fails', 'no row'], [42, 1, null, 'fails', 'no value (NULL)'], [42, 2, '42', 'cannotTell', '2 rows, where one value was to be compared'],
    [{ atLeast: 10 }, 1, '9', 'fails', '9'], [{ atLeast: 10 }, 1, '10', 'holds', '10'], [{ above: 10 }, 1, '10', 'fails', '10'], [{ atMost: '1.5' }, 1, '1.50', 'holds', '1.50'], [{ below: 0, atLeast: -5 }, 1, '-5', 'holds', '-5'],
    [{ atLeast: 10 }, 1, 'NaN', 'cannotTell', 'a value that is no number'], [{ atLeast: 10 }, 1, '1e30', 'cannotTell', 'a value that is no number'], [{ atLeast: 10 }, Number.NaN, '11', 'cannotTell', 'an answer without a number of rows'],
  ])('%j: %i rows, %j: %s', (given, rows, value, outcome, found) => {
    expect(judgeAnswer(readExpectation(given) as Expectation, { rows, value })).toEqual({ outcome, found });
  });

  it('compares numbers exactly, however large', () => {
    expect(compareDecimals('9007199254740993', '9007199254740992')).toBe(1);
    expect([compareDecimals('-0', '0'), compareDecimals('0.1', '0.10'), compareDecimals('-1.5', '-1.4'), compareDecimals('007', '7')]).toEqual([0, 0, -1, 0]);
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (a, b) => {
      expect(compareDecimals(String(a), String(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }));
  });
});

describe('an assertion', () => {
  const sql: Assertion = { kind: 'sql', name: 'orders', component: 'postgres', sql: 'select count(*) from orders', expect: { kind: 'number', atLeast: '1' } };

  it.each<readonly [Asked, string, string]>([
    [{ answer: { rows: 1, value: '5' } }, 'asExpected', 'Expected at least 1, found 5.'],
    [{ answer: { rows: 1, value: '0' } }, 'assertionFailed', 'Expected at least 1, found 0.'],
    [{ failure: 'ask the assertion (PermissionDenied)' }, 'assertionDidNotRun', 'It could not be asked: ask the assertion (PermissionDenied)'],
    [{ answer: { rows: 2, value: '5' } }, 'assertionDidNotRun', 'Expected at least 1, found 2 rows, where one value was to be compared.'],
  ])('%j is %s', (asked, expected, sentence) => {
    expect(judgeAssertion(sql, asked)).toMatchObject({ name: 'assertion:orders', component: 'postgres', class: expected, sentence });
  });

  it('of Redis takes nil for nothing', () => {
    const redis: Assertion = { kind: 'redis', name: 'canary', component: 'redis', command: ['GET', 'canary'], database: 0, expect: { kind: 'rows' } };
    expect(judgeAssertion(redis, { answer: { rows: 1, value: null } })).toMatchObject({ class: 'assertionFailed' });
    expect(judgeAssertion(redis, { answer: { rows: 1, value: '' } })).toMatchObject({ class: 'asExpected' });
    expect(judgeAssertion({ ...redis, expect: { kind: 'empty' } }, { answer: { rows: 1, value: null } })).toMatchObject({ class: 'asExpected' });
  });

  it('shows no text of the data or of the configuration, whatever it found', () => {
    const value = fc.stringMatching(/^[A-Za-z]{20,40}$/);
    fc.assert(fc.property(value, value, (expected, found) => {
      const { sentence } = judgeAssertion({ ...sql, expect: { kind: 'equals', value: expected } }, { answer: { rows: 1, value: found } });
      expect(sentence.includes(found) || sentence.includes(expected)).toBe(false);
    }));
    expect(expectationText({ kind: 'number', above: '1', atMost: '9' })).toBe('at most 9 and above 1');
  });
});

describe('a question to Redis', () => {
  it('is of the closed list, none of which writes', () => {
    for (const verb of ['SET', 'DEL', 'EVAL', 'CONFIG', 'FLUSHALL', 'KEYS', 'SCAN', 'SORT', 'DEBUG', 'BLPOP', 'SUBSCRIBE', 'GETDEL', 'GETEX', 'PFCOUNT', 'constructor', '']) expect(redisQuestionProblem([verb, 'a']), verb).toMatch(/none of the commands/);
    expect(redisReaders).not.toContain('SPOP');
    expect([redisQuestionProblem(['get', 'a']), redisQuestionProblem(['DBSIZE']), redisQuestionProblem(['ZCOUNT', 'z', '-inf', '+inf'])]).toEqual([null, null, null]);
  });

  it('has as many arguments as it takes, each bounded', () => {
    expect(redisQuestionProblem([])).toBe('it is empty');
    expect(redisQuestionProblem(['GET'])).toBe('GET takes 1 argument, and here are 0');
    expect(redisQuestionProblem(['GET', 'a', 'b'])).toMatch(/here are 2/);
    expect(redisQuestionProblem(['GET', 'a\0b'])).toMatch(/NUL/);
    expect(redisQuestionProblem(['GET', 'a'.repeat(513)])).toMatch(/512/);
  });
});

describe('a question in SQL', () => {
  it.each(['select 1', ' SELECT 1; ', '(select 1) union (select 2)', 'with a as (select 1) table a', 'values (1)', 'show server_version', "select ';' as \"a;b\"", 'select $$;$$, $t$ $$ ; $t$', 'select 1 -- ; no\n', 'select /* a /* b; */ c; */ 1', "select E'\\';' , 'a\\'", "select 'it''s; so'", 'select a$b$c from t'])('%j may be asked', (sql) => {
    expect(sqlQuestionProblem(sql)).toBeNull();
  });

  it.each<readonly [string, RegExp]>([
    ['delete from t', /begins with none/], ['', /begins with none/], ['selection', /begins with none/], ['select 1; drop table t', /more than one/], ['select 1;;', /more than one/], ["select 'a' ; commit", /more than one/],
    ['\\! id', /backslash/], ['select 1 \\gexec', /backslash/], ["select '", /no end/], ['select /* 1', /no end/], ['select $a$ 1 $b$', /no end/], ["select E'\\'; drop table t", /no end/],
    ["select 'a\\'; drop table t", /more than one/], ['select a$b$; drop table c$b$', /more than one/], ['select \0', /NUL/], [`select '${'a'.repeat(4_000)}'`, /4000/],
  ])('%j may not', (sql, problem) => {
    expect(sqlQuestionProblem(sql)).toMatch(problem);
  });
});
