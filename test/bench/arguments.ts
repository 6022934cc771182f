/** What is written behind `npm run bench --`. Pure. */
import { parseArgs } from 'node:util';
import type { WalMode } from '../../src/domain/service.ts';

export const benches = ['dumps', 'physical', 'exposure', 'accidents', 'downtime', 'drill'] as const;
export type BenchName = (typeof benches)[number];

export interface BenchArguments {
  readonly bench: BenchName;
  /** Megabytes of data, one measurement each; empty where none was given. */
  readonly sizesMb: readonly number[];
  /** Interleaved rounds at each size; null where it was not given. */
  readonly rounds: number | null;
  /** How often what is repeated is done; null where it was not given. */
  readonly times: number | null;
  /** Seconds of load; null where it was not given. */
  readonly seconds: number | null;
  readonly only: readonly string[];
  /** How the log is kept. */
  readonly wal: WalMode;
}

/** @throws RangeError with what is wrong, for whoever typed it */
export function readBenchArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...args], allowPositionals: true,
    options: { size: { type: 'string', multiple: true }, rounds: { type: 'string' }, times: { type: 'string' }, seconds: { type: 'string' }, only: { type: 'string', multiple: true }, wal: { type: 'string', default: 'stream' } },
  });
  const [word = 'dumps', ...further] = positionals;
  const bench = benches.find((name) => name === word);
  if (bench === undefined || further.length > 0) throw new RangeError(`there is no bench "${positionals.join(' ')}": ${benches.join(', ')}`);
  return { bench, sizesMb: (values.size ?? []).map(sizeMb), rounds: countOf('rounds', values.rounds), times: countOf('times', values.times), seconds: countOf('seconds', values.seconds), only: values.only ?? [], wal: walMode(values.wal) };
}

/** `200MB`, `4GB`; a bare number is megabytes. A gigabyte is a thousand of them. @throws RangeError */
export function sizeMb(text: string): number {
  const [, digits, unit] = /^(\d+)\s*(MB|GB)?$/i.exec(text.trim()) ?? [];
  const size = Number(digits) * (unit?.toUpperCase() === 'GB' ? 1000 : 1);
  if (digits === undefined || size < leastMb) throw new RangeError(`--size ${text}: write it like 200MB or 4GB, at least ${leastMb} MB`);
  return size;
}

/** The seeded data set cannot be smaller. */
const leastMb = 5;

function walMode(text: string): WalMode {
  if (text === 'stream' || text === 'archive') return text;
  throw new RangeError(`--wal ${text}: it is stream or archive`);
}

function countOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new RangeError(`--${name} ${text}: it is a number from 1 on`);
  return Number(text);
}
