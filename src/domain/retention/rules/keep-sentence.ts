/** Reasons in one sentence. Pure. */
import type { KeepReason } from './keep-rules.ts';

/** `It is 3 days old, and each is kept for 30 days; it is on hold (audit).` */
export function sentenceOf(reasons: readonly KeepReason[]): string {
  const text = [...new Set(reasons.map((reason) => `it ${reason.text}`))].join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
