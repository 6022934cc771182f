/** Contract of `markMoment`: this moment of a service's PostgreSQL gets a name that a restore can go back to (`mark:NAME`). */
import type { CommonInput } from '../shared/run.ts';

export interface MarkMomentInput extends CommonInput {
  /** 1 to 63 letters, digits, "_", "." or "-". Given once: a mark is never moved. */
  readonly name: string;
}

export interface MarkMomentResult {
  readonly name: string;
  readonly component: string;
  readonly timeline: number;
  /** Everything that was committed when the run was started lies before it; nothing that began after it had ended does. */
  readonly lsn: string;
  /** By the server's clock, ISO 8601 UTC with microseconds. */
  readonly at: string;
}
