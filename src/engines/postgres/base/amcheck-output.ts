/**
 * What `pg_amcheck --verbose` prints, told apart by SQLSTATE: its exit code 2 stands for whatever error a server answered while it looked, corruption or not. Pure.
 * Each relation is a line of its own, with what was said of it in the lines under that, which may name rows and stay where they are.
 */
import type { NotCompared } from '../../../domain/backup-manifest.ts';

export interface AmcheckFindings {
  /** `btree index "shop.public.orders_pkey"`, `heap table "shop.public.orders", block 7, offset 3`. */
  readonly damaged: readonly string[];
  /** Indexes that could not be held against their tables because of their own functions: that says nothing about the data, and nothing against it. */
  readonly notCompared: readonly NotCompared[];
  /** What was said of the others is no answer: they may be sound or not. */
  readonly unanswered: readonly string[];
}

/** How many are named; of more it is said how many. */
const namedAtMost = 50;
const relation = /^(?:heap table|btree index) "/;
const serverError = /^ {4}ERROR: {2}([0-9A-Z]{5}): (.*)/;

/** What the server itself calls corrupted, in a table (XX001) or an index (XX002), and files of the data that are not there. */
const isDamage = (state: string, words: string): boolean =>
  state === 'XX001' || state === 'XX002' || state === '58P01' && /^could not open file "(?:base|global|pg_tblspc)\/|^could not access status of transaction/.test(words);

/**
 * What a function says that an index is made of: amcheck has its expression or its predicate evaluated with nothing but pg_catalog on the search path, where an unqualified
 * name leads nowhere (classes 42, 3F); or the function raises an error of its own (P0). The index's structure was gone through before that.
 */
const isOwnFunction = (line: string, state: string): boolean => line.startsWith('btree index') && /^(?:42|3F|P0)/.test(state);

/** @param output null where it ended with 0 */
export function readAmcheck(output: string | null): AmcheckFindings {
  const lines = (output ?? '').split('\n');
  const findings = { damaged: [] as string[], own: [] as NotCompared[], unanswered: [] as string[] };
  for (const [index, line] of lines.entries()) {
    if (!relation.test(line)) continue;
    const [name, said = ''] = [line.replace(/:$/, '').slice(0, 200), lines[index + 1]];
    const [, state, words = ''] = serverError.exec(said) ?? [];
    // Rows that it found, each with a line about it, are no errors of the server's.
    if (state === undefined ? said.startsWith('    ') : isDamage(state, words)) findings.damaged.push(name);
    else if (state !== undefined && isOwnFunction(line, state)) findings.own.push({ object: name, reason: `its own function ended in an error (SQLSTATE ${state}) where amcheck evaluates it, which is with an empty search path` });
    // Not the words: those of a function may hold anything.
    else findings.unanswered.push(state === undefined ? name : `${name} (SQLSTATE ${state})`);
  }
  if (output !== null && !lines.some((line) => relation.test(line))) findings.unanswered.push('something that it did not name');
  return { damaged: findings.damaged, notCompared: named(findings.own), unanswered: findings.unanswered };
}

function named(all: readonly NotCompared[]): readonly NotCompared[] {
  const further = all.length - namedAtMost;
  return further <= 0 ? all : [...all.slice(0, namedAtMost), { object: `${further} more indexes`, reason: 'the same' }];
}
