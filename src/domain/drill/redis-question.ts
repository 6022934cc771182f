/** Commands that an assertion may ask a Redis: a closed list of those that read, and answer with one value. Pure. */
import { counted } from '../wording.ts';

/** By command, how few and how many arguments it takes. Left out on purpose: what writes, what answers with many values or walks the keyspace, what waits, and whatever a module brings. */
const readers: Readonly<Record<string, readonly [least: number, most: number]>> = {
  BITCOUNT: [1, 4], DBSIZE: [0, 0], EXISTS: [1, 100], EXPIRETIME: [1, 1], GET: [1, 1], GETBIT: [2, 2], GETRANGE: [3, 3],
  HEXISTS: [2, 2], HGET: [2, 2], HLEN: [1, 1], HSTRLEN: [2, 2], LINDEX: [2, 2], LLEN: [1, 1], PEXPIRETIME: [1, 1], PTTL: [1, 1],
  SCARD: [1, 1], SISMEMBER: [2, 2], STRLEN: [1, 1], TTL: [1, 1], TYPE: [1, 1], XLEN: [1, 1],
  ZCARD: [1, 1], ZCOUNT: [3, 3], ZLEXCOUNT: [3, 3], ZRANK: [2, 2], ZREVRANK: [2, 2], ZSCORE: [2, 2],
};

export const redisReaders = Object.keys(readers);
export const longestArgument = 512;

/** Why this command may not be asked, or null. */
export function redisQuestionProblem(command: readonly string[]): string | null {
  const [verb, ...argv] = command;
  if (verb === undefined) return 'it is empty';
  const bounds = Object.hasOwn(readers, verb.toUpperCase()) ? readers[verb.toUpperCase()] : undefined;
  if (bounds === undefined) return `${JSON.stringify(verb.slice(0, 30))} is none of the commands that only read one value: ${redisReaders.join(', ')}`;
  const [least, most] = bounds;
  if (argv.length < least || argv.length > most) return `${verb.toUpperCase()} takes ${least === most ? counted(least, 'argument') : `${least} to ${most} arguments`}, and here are ${argv.length}`;
  if (argv.some((each) => each.length > longestArgument || each.includes('\0'))) return `an argument has up to ${longestArgument} characters, and no NUL`;
  return null;
}
