/** Assertions of the user's: a question to the restored data, and what its answer has to be. Pure. */
import type { HoldfastFailure } from '../failures.ts';
import { checkName, drillCheck, type DrillCheck } from './check.ts';
import { expectationText, judgeAnswer, type Answer, type Expectation } from './expectation.ts';

interface Common {
  /** Unique in its service. */
  readonly name: string;
  /** Name of the component that is asked. */
  readonly component: string;
  readonly expect: Expectation;
}

export interface SqlAssertion extends Common {
  readonly kind: 'sql';
  /** One statement that reads; asked in the component's database, by a role that may do nothing else, with its search_path pinned. */
  readonly sql: string;
}

export interface RedisAssertion extends Common {
  readonly kind: 'redis';
  /** Argv form, the verb first. */
  readonly command: readonly string[];
  readonly database: number;
}

export type Assertion = SqlAssertion | RedisAssertion;

export const mostAssertions = 100;

/** What asking came to: an answer, or why there was none. */
export type Asked = { readonly answer: Answer } | { readonly failure: string };

/**
 * The check that an assertion becomes. For Redis, `rows` means that there is an answer other than nil, and `empty` that there is none.
 */
export function judgeAssertion({ name, component, kind, expect }: Assertion, asked: Asked): DrillCheck {
  const check = checkName('assertion', name);
  if ('failure' in asked) return drillCheck(check, component, 'assertionDidNotRun', `It could not be asked: ${asked.failure}`);
  const answer = kind === 'redis' ? asRows(asked.answer) : asked.answer;
  const { outcome, found } = judgeAnswer(expect, answer);
  const sentence = `Expected ${expectationText(expect)}, found ${found}.`;
  return drillCheck(check, component, outcome === 'holds' ? 'asExpected' : outcome === 'fails' ? 'assertionFailed' : 'assertionDidNotRun', sentence);
}

/** Redis answers with a value or nil. */
const asRows = ({ value }: Answer): Answer => ({ rows: value === null ? 0 : 1, value });

/** The failure of asking, as a sentence that shows no data: a server's own error text may quote a row. */
export const failureToAsk = ({ type, fields }: HoldfastFailure): string => `${fields.operation} (${type})`;
