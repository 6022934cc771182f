/**
 * Reasons, names of tables, words of servers: text of others that is printed among ours. In a terminal none of it may do more than stand there: move the cursor, take away or
 * recolour what was said, begin a line that looks like one of ours, or turn the direction of reading. Pure.
 */

/** Control characters but the tab, line and paragraph separators, what turns the direction of reading, and halves of characters. */
const doesMore = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

const spelled = (character: string): string => named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** One line of any text: what is no character to be seen is spelled out. */
export const printable = (text: string): string => text.replace(doesMore, spelled);

/** The same value as JSON, indented. JSON itself spells out only what lies below the blank. */
export const printableJson = (value: unknown): string => JSON.stringify(value, null, 2).split('\n').map(printable).join('\n');
