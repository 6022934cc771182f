/** Text of others in a page of ours: every character that could be more than itself is written as an entity, or spelled out. Pure. */

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };
const back: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(entities).map(([character, entity]) => [entity, character]));

/** What is no character to be seen, turns the direction of reading, or is half of one. */
const unseen = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

const spelled = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const entity = (character: string): string => entities[character] as string;

/** For text and for attributes in double quotes. */
export const escaped = (text: string): string => text.replace(unseen, spelled).replace(/[&<>"']/g, entity);

/** The very characters, to be read back by {@link unescaped}: for the report that the page carries. JSON has spelled out what is unseen below the blank already. */
export const escapedExactly = (text: string): string => text.replace(/[&<>"']/g, entity);

export const unescaped = (text: string): string => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (found) => back[found] as string);
