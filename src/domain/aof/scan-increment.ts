/**
 * Reads an incremental file of an AOF in pieces of any size: where each second begins, and where the last whole command ends. Pure.
 *
 * A file is a row of commands as a client sends them (`*N`, then `$length` and that many bytes, N times) and, with `aof-timestamp-enabled yes`, a line
 * `#TS:<seconds>` before the first command of a second. What lies between MULTI and EXEC is one command: nothing is cut in there.
 */

export interface ScannedIncrement {
  /** Behind the last whole command or annotation that stands outside a transaction. */
  readonly wholeBytes: number;
  /** Of the first annotation, seconds since the epoch; null where there is none. */
  readonly firstSecond: number | null;
  /** The latest of all: a clock that was set back does not undo what was reached. */
  readonly lastSecond: number | null;
  /** Does it begin with an annotation? What stands before the first one is of a second that the file does not tell. */
  readonly beginsAnnotated: boolean;
  /** Where the first annotation begins that is later than the second asked for: what belongs to it lies before. Null where there is none yet. */
  readonly cutBytes: number | null;
}

/** A line is a number or an annotation; a longer one is no line of an AOF. */
const longestLine = 64;
/** Of a command's name, with its line's end: no longer one matters. */
const longestName = 9;
const [lineFeed, carriageReturn] = [10, 13];

export class IncrementScan {
  readonly #second: number;
  #found: ScannedIncrement = { wholeBytes: 0, firstSecond: null, lastSecond: null, beginsAnnotated: false, cutBytes: null };
  #atBytes = 0;
  #line = '';
  #lineBeginsAt = 0;
  /** Arguments of the command that are still to come, and bytes of the one that is being read, with its line's end. */
  #argumentsLeft = 0;
  #bytesLeft = 0;
  #isName = false;
  #name = '';
  #inTransaction = false;
  #isBroken = false;

  /** @param second the last one that belongs to what is wanted, seconds since the epoch */
  constructor(second: number) {
    this.#second = second;
  }

  /** What the bytes held that were taken until now. */
  get found(): ScannedIncrement {
    return this.#found;
  }

  /** Takes the next bytes of the file. False as soon as it is no AOF. */
  take(bytes: Uint8Array): boolean {
    for (let index = 0; index < bytes.length && !this.#isBroken;) index = this.#bytesLeft > 0 ? this.#takeValue(bytes, index) : this.#takeOfLine(bytes[index] as number, index);
    return !this.#isBroken;
  }

  #takeOfLine(byte: number, index: number): number {
    if (this.#line === '') this.#lineBeginsAt = this.#atBytes;
    this.#atBytes += 1;
    this.#line += String.fromCharCode(byte);
    if (this.#line.length === 1 && !'*$#'.includes(this.#line)) this.#isBroken = true;
    else if (byte === lineFeed) {
      this.#isBroken = this.#line.charCodeAt(this.#line.length - 2) !== carriageReturn || !this.#takeLine(this.#line.slice(0, -2));
      this.#line = '';
    } else if (this.#line.length > longestLine) this.#isBroken = true;
    return index + 1;
  }

  #takeLine(text: string): boolean {
    if (text.startsWith('#')) return this.#argumentsLeft === 0 && this.#takeAnnotation(text);
    const [, kind, digits = ''] = /^([*$])(\d{1,10})$/.exec(text) ?? [];
    if (kind === undefined || (kind === '*') !== (this.#argumentsLeft === 0)) return false;
    if (kind === '$') {
      this.#bytesLeft = Number(digits) + 2;
      return true;
    }
    this.#argumentsLeft = Number(digits);
    this.#isName = true;
    this.#name = '';
    return this.#argumentsLeft > 0;
  }

  #takeAnnotation(text: string): boolean {
    const digits = /^#TS:(\d{1,12})$/.exec(text)?.[1];
    const at = digits === undefined ? null : Number(digits);
    const { firstSecond, lastSecond, beginsAnnotated, cutBytes } = this.#found;
    if (at !== null) {
      this.#found = {
        ...this.#found, firstSecond: firstSecond ?? at, lastSecond: Math.max(lastSecond ?? at, at), beginsAnnotated: beginsAnnotated || this.#lineBeginsAt === 0,
        cutBytes: cutBytes ?? (at > this.#second ? this.#found.wholeBytes : null),
      };
    }
    if (!this.#inTransaction) this.#found = { ...this.#found, wholeBytes: this.#atBytes };
    return true;
  }

  /** Of a value only the command's name is looked at; the rest is stepped over. */
  #takeValue(bytes: Uint8Array, from: number): number {
    const until = Math.min(bytes.length, from + this.#bytesLeft);
    if (this.#isName) for (let index = from; index < until && this.#name.length < longestName; index += 1) this.#name += String.fromCharCode(bytes[index] as number);
    this.#bytesLeft -= until - from;
    this.#atBytes += until - from;
    if (this.#bytesLeft > 0) return until;
    if (bytes[until - 1] !== lineFeed) this.#isBroken = true;
    this.#isName = false;
    this.#argumentsLeft -= 1;
    if (this.#argumentsLeft === 0) this.#endCommand(this.#name.toUpperCase().trimEnd());
    return until;
  }

  #endCommand(name: string): void {
    if (name === 'MULTI') this.#inTransaction = true;
    if (name === 'EXEC' || name === 'DISCARD') this.#inTransaction = false;
    if (!this.#inTransaction) this.#found = { ...this.#found, wholeBytes: this.#atBytes };
  }
}
