/** What has to stand before a plan is shown: the databases answer, and the application's containers are there. On real containers. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import type { RedisComponent } from '../../src/domain/service.ts';
import { createRedisEngine } from '../../src/engines/redis/redis-engine.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';
import { waitFor as until } from '../support/service-fixture.ts';
import { run } from '../repository/sample-manifest.ts';

const docker = useDocker();
let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

/** The stage's service with this Redis as its only component. */
const serviceOf = (component: RedisComponent, application: readonly string[] = []): Partial<ActivityDependencies> => ({
  runtime: docker.runtime,
  engineFor: () => createRedisEngine() as never,
  services: new Map([['shop', { ...stage.service, components: [component], application: { containers: application } }]]),
});

async function redisThatWaits(seconds: number): Promise<{ readonly id: string; readonly component: RedisComponent }> {
  const container = docker.name('redis');
  const id = await docker.create({ name: container, imageId: await docker.image('redis:8'), command: ['sh', '-c', `sleep ${seconds}; exec redis-server --save ''`] });
  return { id, component: { engine: 'redis', name: 'redis', container } };
}

const ping = async (id: string): Promise<string> => (await docker.runtime.exec(id, { argv: ['redis-cli', '-e', 'PING'], timeoutMs: 10_000 })).stdout.trim();

describe('a database', () => {
  it('is started where it is stopped, and answers when that is said', async () => {
    const { id, component } = await redisThatWaits(2);
    expect(await stage.as(run('a'), serviceOf(component)).ensureRunning({ service: 'shop', component, purpose: 'restore' })).toEqual({ started: true });
    expect(await ping(id)).toBe('PONG');
  });

  it('that runs and does not answer yet, because a worker died between starting it and waiting for it, is waited for', async () => {
    const { id, component } = await redisThatWaits(2);
    await docker.runtime.start(id);
    expect(await stage.as(run('a'), serviceOf(component)).ensureRunning({ service: 'shop', component, purpose: 'restore' })).toEqual({ started: false });
    expect(await ping(id)).toBe('PONG');
  });
});

describe('a server that can never be ready', () => {
  it('is refused at once: a replica stays one however long it is waited for', async () => {
    const container = docker.name('replica');
    const id = await docker.create({ name: container, imageId: await docker.image('redis:8'), command: ['redis-server', '--replicaof', '127.0.0.1', '1'] });
    await docker.runtime.start(id);
    await until(async () => (await ping(id)) === 'PONG');
    const component: RedisComponent = { engine: 'redis', name: 'redis', container };
    await failing('UnsupportedTopology', stage.as(run('a'), serviceOf(component)).ensureRunning({ service: 'shop', component, purpose: 'restore' }));
  });
});

describe('the application', () => {
  const prepare = async (component: RedisComponent, own: RedisComponent, application: readonly string[]): Promise<unknown> =>
    stage.as(run('a'), serviceOf(own, application)).prepareComponent({ service: 'shop', backupId: '20261123-010000', manifestSha256: 'a'.repeat(64), component });
  const own: RedisComponent = { engine: 'redis', name: 'redis', container: 'shop-redis' };

  it('is there before anything is prepared that it would be restarted for', async () => {
    const { id, component } = await redisThatWaits(0);
    const { name } = await docker.runtime.inspect(id);
    const missing = docker.name('missing');
    const { fields } = await failing('ContainerNotFound', prepare(own, own, [name, missing]));
    expect(fields.object).toBe(missing);
    const previous = { engine: 'redis', component: 'redis', container: 'shop-redis' } as never;
    await failing('ContainerNotFound', stage.as(run('a'), serviceOf(own, [missing])).prepareUndoOf({ service: 'shop', component: own, previous }));
    // What is asked next is the backup, which this stage does not have.
    await failing('UnknownBackup', prepare(own, own, [name]));
    expect(component.container).toBe(name);
  });

  it('is not asked for where the data goes into other containers', async () => {
    await failing('UnknownBackup', prepare({ ...own, container: 'test-redis' }, own, [docker.name('missing')]));
  });
});
