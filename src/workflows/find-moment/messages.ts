/** Contract of `findMoment`: the last moment at which a condition held, the transaction that ended it, and the point to restore before. */
import type { CommonInput } from '../shared/run.ts';

export interface FindMomentInput extends CommonInput {
  /** One of the three. A table that is not there any more, as SQL writes its name: `orders`, `sales.orders`, `"Order Lines"`. */
  readonly dropped?: string;
  /** A table that lost its rows. */
  readonly shrunk?: string;
  /** A query that answers one boolean, true while all is well. */
  readonly sql?: string;
  /** With `shrunk`: it lost more than this share of its rows, between 0 and 1; 0.5 unless given. */
  readonly share?: number;
  /** Where the search begins and ends: a time with offset, "2 hours ago", "lsn:…", "mark:…". From the oldest base backup to the end of the log unless given. */
  readonly from?: string;
  readonly to?: string;
}

export interface FindMomentResult {
  /** Full transaction id, 64 bits, decimal. */
  readonly xid: string;
  /** When it committed, ISO 8601 UTC with microseconds, and where its commit record begins. */
  readonly at: string;
  readonly lsn: string;
  /** The last commit that was there when the condition was seen to hold. */
  readonly heldUntil: string;
  /** What to restore before: `xid:918442`. */
  readonly point: string;
  readonly sentence: string;
}
