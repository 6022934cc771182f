/** Faults of the product's own parts that a scenario asks for, in every worker that serves it: what they lead to is then struck like anything else. */
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import { HoldfastFailure } from '../../../src/domain/failures.ts';

export type Wrap = (dependencies: ActivityDependencies) => ActivityDependencies;

const asItIs: Wrap = (dependencies) => dependencies;

/** What a scenario's name asks for after its `+`. */
export const twistOf = (scenario: string): Wrap => twists[scenario.split('+')[1] ?? ''] ?? asItIs;

type Engine = ReturnType<ActivityDependencies['engineFor']>;

const withRedis = (change: (engine: Engine) => Partial<Engine>): Wrap => (dependencies) => ({
  ...dependencies,
  engineFor: (name) => {
    const engine = dependencies.engineFor(name);
    return name === 'redis' ? { ...engine, ...change(engine) } : engine;
  },
});

/** Redis's exchange is carried out and then declared a failure that no retry mends: all that can be rolled back has to be. */
const failingSwap = withRedis((engine) => ({
  swap: async (context, component, cutOver) => {
    await engine.swap(context, component, cutOver);
    throw new HoldfastFailure('CutOverFailed', { operation: 'swap', object: component.container, cause: 'a fault was injected', hint: 'none' });
  },
}));

/** Both stores are exchanged, and Redis is then said to differ. */
const differing = withRedis(() => ({ compareClosed: async () => [{ object: 'a fault that was injected', property: 'existence', expected: 'none', found: 'one' }] }));

const twists: Readonly<Record<string, Wrap>> = { swapFails: failingSwap, unusableBack: failingSwap, silentBack: failingSwap, replaceDiffers: differing };
