/** Faults of the product's own parts that a scenario asks for, in every worker that serves it: what they lead to is then struck like anything else. */
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import { HoldfastFailure } from '../../../src/domain/failures.ts';

export type Wrap = (dependencies: ActivityDependencies) => ActivityDependencies;

const asItIs: Wrap = (dependencies) => dependencies;

/** What a scenario's name asks for after its `+`. */
export const twistOf = (scenario: string): Wrap => (scenario.endsWith('+swapFails') ? failingSwap : asItIs);

/** Redis's exchange is carried out and then declared a failure that no retry mends: all that can be rolled back has to be. */
const failingSwap: Wrap = (dependencies) => ({
  ...dependencies,
  engineFor: (name) => {
    const engine = dependencies.engineFor(name);
    if (name !== 'redis') return engine;
    return {
      ...engine,
      swap: async (context, component, cutOver) => {
        await engine.swap(context, component, cutOver);
        throw new HoldfastFailure('CutOverFailed', { operation: 'swap', object: component.container, cause: 'a fault was injected', hint: 'none' });
      },
    };
  },
});
