/** What psql prints as CSV, as an answer to an assertion: how many rows, and the first value of the first. Pure. */
import type { Answer } from '../../../domain/drill/expectation.ts';

/** @param nullMark what stands for NULL, which no value is */
export function answerIn(text: string, nullMark: string): Answer {
  let rows = 0;
  let [first, quoted, inFirst, isAny]: [string, boolean, boolean, boolean] = ['', false, true, false];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"') {
      const isDoubled = quoted && text[at + 1] === '"';
      if (isDoubled) at += 1;
      else quoted = !quoted;
      isAny = true;
      if (!isDoubled) continue;
    }
    if (character === '\n' && !quoted) {
      rows += 1;
      inFirst = false;
      isAny = false;
      continue;
    }
    isAny = true;
    if (character === ',' && !quoted) inFirst = false;
    else if (inFirst && rows === 0) first += character;
  }
  if (isAny) rows += 1;
  return { rows, value: rows === 0 || first === nullMark ? null : first };
}
