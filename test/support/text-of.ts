/** Every text within a value, bytes read as text too: for looking through what was recorded, however it is wrapped. */
export function textOf(value: unknown, depth = 0): string {
  if (depth > 40) throw new Error('nested too deeply to be looked through');
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value).map(([key, member]) => `${key}=${textOf(member, depth + 1)}`).join('\n');
}
