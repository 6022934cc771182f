/** The manifest of a multi-part AOF, as Redis 7 and later write it: which base and which incremental files make up the data, in their order. Pure. */

export interface AofPart {
  readonly name: string;
  /** Counts up for ever within one directory, for bases and incremental files each. */
  readonly sequence: number;
}

export interface AofManifest {
  readonly base: AofPart | null;
  /** Oldest first; several while a rewrite is under way, and after rewrites that failed. */
  readonly increments: readonly AofPart[];
}

const linePattern = /^file (\S+) seq (\d{1,15}) type ([bhi])(?: \S+ \S+)*$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

/** Null where it is no such manifest, or one with names that nobody sets: those stand in quotes. History files (`h`) are about to be removed and belong to nothing. */
export function parseAofManifest(text: string): AofManifest | null {
  let base: AofPart | null = null;
  const increments: AofPart[] = [];
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
    const [, name = '', digits = '', type = ''] = linePattern.exec(line) ?? [];
    if (!namePattern.test(name)) return null;
    const part = { name, sequence: Number(digits) };
    if (type === 'b' && base !== null) return null;
    if (type === 'b') base = part;
    if (type === 'i') increments.push(part);
  }
  const ordered = increments.every(({ sequence }, index) => index === 0 || sequence > (increments[index - 1]?.sequence ?? 0));
  return ordered ? { base, increments } : null;
}
