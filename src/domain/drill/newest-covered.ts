/** Up to when a log that was replayed to its end holds everything. Pure. */
import type { Covered } from './recovery-times.ts';

export interface LogInstants {
  /** When the base backup ended, by the server's clock. */
  readonly baseEnd: string;
  /** Of the last transaction in the log behind it; null where there is none. */
  readonly lastCommit: string | null;
  /** The newest stored reading of the server whose position the log reaches; null where nothing tells. */
  readonly reading: string | null;
}

/** A database at rest has been as it is since its last commit: a reading that found it there says so of a later instant. */
export function newestCovered({ baseEnd, lastCommit, reading }: LogInstants): Covered {
  const known: readonly Covered[] = [
    { at: baseEnd, source: 'backup' }, ...(lastCommit === null ? [] : [{ at: lastCommit, source: 'lastCommit' } as const]), ...(reading === null ? [] : [{ at: reading, source: 'reading' } as const]),
  ];
  return known.reduce((newest, each) => (Date.parse(each.at) > Date.parse(newest.at) ? each : newest));
}
