/** A transaction's 64-bit id from the 32 bits that the log has, and a full id that is above it. Pure. */
const epoch = 1n << 32n;

/** @param next full id of a transaction that began after it, fewer than 2^32 ids later, as `pg_snapshot_xmax(pg_current_snapshot())` answers once it is over */
export function fullXid(xid: string, next: string): string {
  const [low, above] = [BigInt(xid), BigInt(next)];
  const sameEpoch = above - (above % epoch) + low;
  return String(sameEpoch < above ? sameEpoch : sameEpoch - epoch);
}
