/** The order of a cut-over, and the sentences a plan shows for it. One place, so that what is shown is what is done. Pure. */
import type { EngineName } from './engine-name.ts';

/** Databases are closed in this order, and opened in the reverse one: Redis is filled before PostgreSQL lets clients in. */
const closingOrder: readonly EngineName[] = ['postgres', 'redis'];

export function inClosingOrder<T extends { readonly engine: EngineName }>(components: readonly T[]): readonly T[] {
  return [...components].sort((a, b) => closingOrder.indexOf(a.engine) - closingOrder.indexOf(b.engine));
}

export function inOpeningOrder<T extends { readonly engine: EngineName }>(components: readonly T[]): readonly T[] {
  return [...inClosingOrder(components)].reverse();
}

export interface StepSentences {
  readonly engine: EngineName;
  readonly close: string;
  readonly swap: string;
  readonly open: string;
}

/** The ordered destructive steps as the plan lists them. A step that there is not has no sentence; nothing is still closed where nothing is opened. */
export function planSteps(components: readonly StepSentences[], restarts: readonly string[]): readonly string[] {
  return [
    ...inClosingOrder(components).map((component) => component.close),
    ...inOpeningOrder(components).map((component) => component.swap),
    components.length > 0 && components.every((component) => component.open === '') ? '' : 'Compare once more, still closed',
    ...inOpeningOrder(components).map((component) => component.open),
    ...restarts.map((container) => `Restart ${container}`),
  ].filter((step) => step !== '');
}
