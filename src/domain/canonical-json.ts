/**
 * Canonical JSON: one and only one text for a value, so that a digest over it means something (RFC 8785's rules for what we use:
 * object keys sorted by UTF-16 code unit, no white space, no `undefined`, integers only). Pure.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * The canonical text of a value. `undefined` members are left out.
 * @throws RangeError for numbers that are not safe integers (counts beyond 2^53 and fractions travel as strings).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`canonical JSON holds safe integers only, not ${value}`);
    return JSON.stringify(value === 0 ? 0 : value);
  }
  if (Array.isArray(value)) return `[${Array.from(value, (item: unknown) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value as Record<string, unknown>)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new RangeError(`canonical JSON cannot hold a ${typeof value === 'object' ? value.constructor.name : typeof value}`);
}

/** A Date or a Map would silently become something else. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || (prototype as { constructor?: { name?: string } }).constructor?.name === 'Object';
}

/** Is this text the canonical form of what it parses to? Duplicate keys, white space and re-ordering are all refused by this. */
export function isCanonicalJson(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
