/** How a page carries the report that it shows: as text in its last section, between two marks that no text of others can write. Pure. */
import { escapedExactly, unescaped } from './escape.ts';

const begin = '<pre id="signed-report">';
const end = '</pre>';

export const embedded = (signedText: string): string => `${begin}${escapedExactly(signedText)}${end}`;

/** The text of the signed report, or null where there is not exactly one. */
export function reportIn(page: string): string | null {
  const [, carried, more] = page.split(begin);
  if (carried === undefined || more !== undefined) return null;
  const length = carried.indexOf(end);
  return length === -1 ? null : unescaped(carried.slice(0, length));
}
