/** When the server began to write a base: the field `ctime` in the head of an RDB, seconds since the epoch. Pure. */

/** The fields stand in front of the data. */
export const headBytes = 1024;

/** Null where the file does not say. */
export function baseSecondIn(head: Buffer): number | null {
  const name = Buffer.from('\xfa\x05ctime', 'latin1');
  const at = /^(REDIS|VALKEY)\d+/.test(head.subarray(0, 9).toString('latin1')) ? head.indexOf(name) : -1;
  if (at < 0) return null;
  const value = head.subarray(at + name.length);
  // A number that fits is written as one of 32 bits; another as its digits, behind their count.
  if (value[0] === 0xc2 && value.length >= 5) return value.readInt32LE(1);
  const digits = value.subarray(1, 1 + (value[0] ?? 0)).toString('latin1');
  return /^\d{9,12}$/.test(digits) ? Number(digits) : null;
}
