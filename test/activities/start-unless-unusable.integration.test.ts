/** Which servers a backup is restored beside, and which are given up: on real containers. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import type { Component, PostgresComponent } from '../../src/domain/service.ts';
import { createRedisEngine } from '../../src/engines/redis/redis-engine.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';
import { engine, startPostgres } from '../engines/postgres/postgres-fixture.ts';
import { run } from '../repository/sample-manifest.ts';

const docker = useDocker();
const directory = '/var/lib/postgresql/data';
let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

const ensure = (component: Component, orReplace: boolean) => {
  const dependencies: Partial<ActivityDependencies> = { runtime: docker.runtime, engineFor: () => (component.engine === 'redis' ? createRedisEngine() : engine) as never, services: new Map([['shop', { ...stage.service, components: [component], application: null }]]) };
  return stage.as(run('a'), dependencies).ensureRunning({ service: 'shop', component, purpose: 'restore', ...(orReplace ? { orReplace } : {}) });
};

/** Made with `--rm`, which the contract has no word for. */
async function fleeting(volume: string): Promise<{ readonly id: string; readonly component: PostgresComponent }> {
  const container = docker.name('postgres');
  const { Id: id } = JSON.parse(await docker.engineCall('POST', `/containers/create?name=${container}`, {
    Image: await docker.image('postgres:17'), Env: ['POSTGRES_PASSWORD=x'], Labels: docker.labels, HostConfig: { AutoRemove: true, NetworkMode: 'none', Init: true, Mounts: [{ Type: 'volume', Source: volume, Target: directory }] },
  })) as { Id: string };
  return { id, component: { engine: 'postgres', name: 'postgres', container, database: 'app', user: 'postgres' } };
}

async function stopped(volume: string, command: readonly string[]): Promise<{ readonly id: string; readonly component: PostgresComponent }> {
  const container = docker.name('postgres');
  const id = await docker.create({
    name: container, imageId: await docker.image('postgres:17'), network: 'none', init: true, logDriver: 'json-file', command, environment: { POSTGRES_PASSWORD: 'x' }, mounts: [{ type: 'volume', source: volume, target: directory }],
  });
  return { id, component: { engine: 'postgres', name: 'postgres', container, database: 'app', user: 'postgres' } };
}

it('one that was never made is not started: its image would make a server of its own', async () => {
  const { id, component } = await stopped(await docker.volume(), ['postgres']);
  expect(await ensure(component, true)).toEqual({ started: false, unusable: `${component.container} is created, and there is no server's data in its volume` });
  expect((await failing('ContainerNotRunning', ensure(component, false))).fields.cause).toContain('there is no server\'s data in its volume');
  expect((await docker.runtime.inspect(id)).startedAt).toBeNull();
});

it('nor is one that could never be restored into as a whole: what refuses it comes after', async () => {
  const { id, component } = await fleeting(await docker.volume());
  expect(await ensure(component, true)).toMatchObject({ started: false, unusable: expect.stringContaining('there is no server\'s data in its volume') });
  expect((await docker.runtime.inspect(id)).startedAt).toBeNull();
});

it('nor is a standby, which is refused, also where its data would stay and a few tables change', async () => {
  const volume = await docker.volume();
  const made = await stopped(volume, ['sh', '-c', `echo 17 >${directory}/PG_VERSION; : >${directory}/standby.signal`]);
  await docker.runtime.start(made.id);
  await docker.runtime.wait(made.id);
  const { id, component } = await stopped(volume, ['postgres']);
  for (const orReplace of [true, false]) expect((await failing('UnsupportedTopology', ensure(component, orReplace))).fields.cause).toContain('is a standby');
  expect((await docker.runtime.inspect(id)).startedAt).toBeNull();
});

it('one that ends at every start is given up where its data may be replaced, and else is what it was: not running', async () => {
  const volume = await docker.volume();
  const made = await stopped(volume, ['sh', '-c', `echo 17 >${directory}/PG_VERSION`]);
  await docker.runtime.start(made.id);
  await docker.runtime.wait(made.id);
  const { component } = await stopped(volume, ['sh', '-c', 'exit 3']);
  expect(await ensure(component, true)).toEqual({ started: false, unusable: 'the container is exited (exit code 3)' });
  await failing('ContainerNotRunning', ensure(component, false));
});

it('one that ends once and answers then is not, nor one that runs', async () => {
  const postgres = await startPostgres(docker);
  await docker.runtime.stop(postgres.id, 30_000);
  const { mounts } = await docker.runtime.inspect(postgres.id);
  const { component } = await stopped(mounts.find(({ destination }) => destination === directory)?.source as string, ['sh', '-c', 'test -e /tmp/once || { touch /tmp/once; exit 1; }; exec docker-entrypoint.sh postgres']);
  expect(await ensure(component, true)).toEqual({ started: true });
  expect(await ensure(component, true)).toEqual({ started: false });
});

it('a Redis that ends at every start is, also where no restart policy tries again; a stopped one that starts is not', async () => {
  const redis = async (command: readonly string[]): Promise<Component> => {
    const container = docker.name('redis');
    await docker.create({ name: container, imageId: await docker.image('redis:8'), network: 'none', logDriver: 'json-file', command, mounts: [{ type: 'volume', source: await docker.volume(), target: '/data' }] });
    return { engine: 'redis', name: 'redis', container };
  };
  expect(await ensure(await redis(['sh', '-c', 'echo the file cannot be read; exit 1']), true)).toEqual({ started: false, unusable: 'it ended with exit code 1; its last words: the file cannot be read' });
  expect(await ensure(await redis(['redis-server']), true)).toEqual({ started: true });
});
