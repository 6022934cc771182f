/** What a client knows it committed, against what is there: how much was really lost. Pure. */

/** A commit that the client was told of. */
export interface Acknowledged {
  readonly client: number;
  /** 1, 2 …: what the client wrote with it. */
  readonly number: number;
  /** When it heard of it, milliseconds since the epoch. */
  readonly atMs: number;
}

/** pgbench's own log of transactions (`--log`): client, number of the transaction, microseconds, script, second, microsecond. Oldest first. A line that was cut is none. */
export function acknowledgedIn(log: string): readonly Acknowledged[] {
  const first = new Map<number, number>();
  const found: Acknowledged[] = [];
  for (const line of log.split('\n')) {
    const [, client, transaction, second, microsecond] = /^(\d+) (\d+) \d+ \d+ (\d+) (\d+)(?: \d+)*$/.exec(line) ?? [];
    if (client === undefined) continue;
    // Whether the tool counts from nought or one is its own affair: the first of a client is the first that it wrote.
    const begin = first.get(Number(client)) ?? Number(transaction);
    first.set(Number(client), begin);
    found.push({ client: Number(client), number: Number(transaction) - begin + 1, atMs: Number(second) * 1000 + Number(microsecond) / 1000 });
  }
  return found.sort((a, b) => a.atMs - b.atMs);
}

export interface Loss {
  readonly commits: number;
  /** From the first commit that is not there to the last that was acknowledged; 0 where nothing is missing. */
  readonly ms: number;
  /** Commits per second over the whole log. */
  readonly rate: number;
}

export function lossOf(acknowledged: readonly Acknowledged[], isThere: (commit: Acknowledged) => boolean): Loss {
  const [first, last] = [acknowledged[0], acknowledged.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('the load committed nothing');
  const lost = acknowledged.filter((commit) => !isThere(commit));
  return { commits: lost.length, ms: lost[0] === undefined ? 0 : last.atMs - lost[0].atMs, rate: acknowledged.length / Math.max(1e-3, (last.atMs - first.atMs) / 1000) };
}

export interface Spread { readonly median: number; readonly high: number; readonly max: number }

/** Median, 95th percentile and largest. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), high: at(0.95), max: sorted.at(-1) ?? Number.NaN };
}
