import { describe, expect, it } from 'vitest';
import { requireOwnPlan } from '../../../devbox/demo/own-plan.ts';
import type { PinnedStore, RestorePlan } from '../../../src/domain/restore-plan.ts';

const own = { postgres: { container: 'holdfast-demo-a-postgres', database: 'shop', user: 'postgres' }, redis: { container: 'holdfast-demo-a-redis', password: null }, application: { container: 'holdfast-demo-a-app' } };
const store = (engine: PinnedStore['engine'], container: string) => ({ component: engine, engine, container }) as PinnedStore;
const plan = (stores: readonly PinnedStore[], restarts: readonly string[] = [own.application.container]) => ({ body: { stores, restarts } }) as Pick<RestorePlan, 'body'>;
const postgres = store('postgres', own.postgres.container);
const redis = store('redis', own.redis.container);

describe('the demo\'s own approval', () => {
  it('is for its own two stores', () => {
    expect(() => requireOwnPlan(plan([postgres, redis]), own)).not.toThrow();
  });

  it.each([
    ['another PostgreSQL', plan([store('postgres', 'prod-postgres'), redis]), 'prod-postgres'],
    ['another Redis', plan([postgres, store('redis', 'prod-redis')]), 'prod-redis'],
    ['another demo\'s', plan([store('postgres', 'holdfast-demo-b-postgres'), redis]), 'holdfast-demo-b-postgres'],
    ['its own in the wrong place', plan([store('postgres', own.redis.container), redis]), own.redis.container],
    ['another application', plan([postgres, redis], ['prod-api']), 'prod-api'],
    ['one store', plan([postgres]), 'own two stores'],
  ])('is not for %s', (_what, about, named) => {
    expect(() => requireOwnPlan(about, own)).toThrow(named);
  });
});
