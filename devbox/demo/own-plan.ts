/** The demo says yes by itself only to what is about its own containers. */
import type { RestorePlan } from '../../src/domain/restore-plan.ts';
import type { DemoService } from './demo-shape.ts';

type Own = Pick<DemoService, 'postgres' | 'redis' | 'application'>;

/** @throws Error naming each store or application of the plan that is not the demo's own */
export function requireOwnPlan({ body }: Pick<RestorePlan, 'body'>, { postgres, redis, application }: Own): void {
  const foreign = [
    ...body.stores.filter(({ engine, container }) => container !== (engine === 'postgres' ? postgres : redis).container).map(({ container }) => container),
    ...body.restarts.filter((container) => container !== application.container),
  ];
  if (foreign.length > 0 || body.stores.length !== 2) {
    throw new Error(`the demo does not approve a plan that is not about its own two stores${foreign.length > 0 ? `: ${foreign.join(', ')}` : ''}`);
  }
}
