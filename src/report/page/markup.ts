/** Markup that was made by us, told from text that was not: whatever else stands in a template is escaped, so that nothing can be forgotten. Pure. */
import { escaped } from './escape.ts';

export interface Markup {
  readonly markup: string;
}

export type Content = string | number | Markup | readonly Markup[];

export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return { markup: parts.map((part, index) => part + (index < contents.length ? markupOf(contents[index] as Content) : '')).join('') };
}

function markupOf(content: Content): string {
  if (typeof content === 'string') return escaped(content);
  if (typeof content === 'number') return String(content);
  return isList(content) ? content.map(({ markup }) => markup).join('') : content.markup;
}

const isList = (content: Markup | readonly Markup[]): content is readonly Markup[] => Array.isArray(content);

export const nothing: Markup = { markup: '' };
