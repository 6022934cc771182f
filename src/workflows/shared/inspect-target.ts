/** A look at a store before it is restored into. */
import type { Component } from '../../domain/service.ts';
import type { ComponentFacts } from '../../engines/engine.ts';
import type { CommonInput, Run } from './run.ts';

/** One that is replaced as a whole is looked at as it is; any other has to answer, and is started where it was stopped. */
export async function inspectTarget<I extends CommonInput>(run: Run<I>, component: Component, whole: boolean): Promise<ComponentFacts> {
  const { service } = run.input;
  if (!whole) {
    const { started } = await run.host.long.ensureRunning({ service, component, purpose: 'restore' });
    if (started) run.note(`${component.container} was stopped and is started`);
  }
  const facts = await run.host.quick.inspectComponent({ service, component, purpose: whole ? 'replace' : 'restore' });
  for (const warning of facts.warnings) run.warn(warning);
  return facts;
}
