/** A look at a store before it is restored into. */
import type { Component } from '../../domain/service.ts';
import type { ComponentFacts } from '../../engines/engine.ts';
import type { CommonInput, Run } from './run.ts';

/** One that is replaced as a whole is looked at as it is; any other has to answer, and is started where it was stopped. */
export async function inspectTarget<I extends CommonInput>(run: Run<I>, component: Component, whole: boolean): Promise<ComponentFacts> {
  if (!whole) await ensureRunning(run, component, false);
  return inspect(run, component, whole);
}

export interface Target {
  readonly facts: ComponentFacts;
  /** Why its server cannot be used, so that its data is replaced as a whole though the backup would not ask for that; else null. */
  readonly unusable: string | null;
}

/** The same for a backup that can be restored either way: one that cannot be made to answer is replaced as a whole. */
export async function inspectOrReplace<I extends CommonInput>(run: Run<I>, component: Component, whole: boolean): Promise<Target> {
  const unusable = whole ? null : await ensureRunning(run, component, true);
  return { facts: await inspect(run, component, whole || unusable !== null), unusable };
}

/** Of one store; undefined where it is not among those that were looked at. */
export const targetOf = (targets: readonly Target[], { name }: Pick<Component, 'name'>): Target | undefined => targets.find(({ facts }) => facts.pinned.component === name);

async function ensureRunning<I extends CommonInput>(run: Run<I>, component: Component, orReplace: boolean): Promise<string | null> {
  const { service } = run.input;
  const { started, unusable } = await run.host.long.ensureRunning({ service, component, purpose: 'restore', ...(orReplace ? { orReplace } : {}) });
  if (started) run.note(`${component.container} was stopped and is started`);
  return unusable ?? null;
}

async function inspect<I extends CommonInput>(run: Run<I>, component: Component, whole: boolean): Promise<ComponentFacts> {
  const facts = await run.host.quick.inspectComponent({ service: run.input.service, component, purpose: whole ? 'replace' : 'restore' });
  for (const warning of facts.warnings) run.warn(warning);
  return facts;
}
