/** Positions in PostgreSQL's write-ahead log. Text as the server prints it (`16/B374D848`), compared as 64-bit numbers. Pure. */

const lsnPattern = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;
const lowHalf = 0xffff_ffffn;

/** The position as a number of bytes since the log began, or null where the text is no position. */
export function parseLsn(text: string): bigint | null {
  const match = lsnPattern.exec(text);
  if (match === null) return null;
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** As the server prints it: two hexadecimal halves, upper case, no leading zeros. @throws RangeError beyond 64 bits, which no server reaches */
export function formatLsn(bytes: bigint): string {
  if (bytes < 0n || bytes >= 1n << 64n) throw new RangeError(`${bytes} is no position in a log`);
  return `${(bytes >> 32n).toString(16).toUpperCase()}/${(bytes & lowHalf).toString(16).toUpperCase()}`;
}
