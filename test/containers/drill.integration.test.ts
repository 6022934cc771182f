/** What drills run in, on the real engine: a network that nothing leads out of, and a runtime that knows nothing but its own run's scratch. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { confinedRuntime } from '../../src/containers/confined-runtime.ts';
import type { ContainerSpec } from '../../src/containers/container-runtime.ts';
import { createDrillGuest, createDrillServer, drillNetwork, drillVolume, type DrillRun } from '../../src/containers/drill.ts';
import { labelNames, scratchLabels, scratchName } from '../../src/containers/labels.ts';
import { createScratchNetwork, findScratchOf, listOwners, removeScratch } from '../../src/containers/scratch.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const scope = useDocker();
const { runtime } = scope;
const signal = new AbortController().signal;
let imageId: string;

beforeAll(async () => {
  imageId = await scope.image('redis:8');
});
afterEach(() => scope.removeAll());

const run = (id?: string): DrillRun => ({ owner: scope.owner(id), service: 'test-service' });
const server = async (component: string, on = runtime) => createDrillServer(on, { run: run(), component, imageId, entrypoint: ['/bin/sh'], command: ['-c', 'exec redis-server --protected-mode no --save ""'], directory: '/var/lib/holdfast-copy', signal });
const guest = (script: string, step = 'guest') => createDrillGuest(runtime, { run: run(), step, imageId, entrypoint: ['/bin/bash'], command: ['-c', script], memoryBytes: 64 * 2 ** 20, pids: 64, signal });

async function outcomeOf(script: string): Promise<string> {
  const { id } = await guest(script);
  await runtime.start(id);
  await runtime.wait(id);
  return (await runtime.logs(id, 10_000)).trim();
}

describe('a network of a run', () => {
  test('made twice is one, goes last and twice without harm, and nobody else\'s is taken for it', async () => {
    const identity = scope.identity('network');
    const first = await createScratchNetwork(runtime, identity);
    expect(await createScratchNetwork(runtime, identity)).toBe(first);
    await Promise.allSettled([1, 2, 3].map(() => createScratchNetwork(runtime, scope.identity('at-once'))));
    const settled = await createScratchNetwork(runtime, scope.identity('at-once'));
    expect((await runtime.listNetworks(scratchLabels('scratch', scope.identity('at-once')))).map(({ id }) => id)).toEqual([settled]);
    await server('redis');
    const found = await findScratchOf(runtime, scope.owner());
    expect(found.map(({ type }) => type).filter((type, index, types) => type !== types[index - 1])).toEqual(['container', 'volume', 'network']);
    expect(await listOwners(runtime, scope.namespaceId)).toEqual([scope.owner()]);
    for (const each of [...found, ...found]) await removeScratch(runtime, each);
    expect(await scope.left()).toEqual([]);
    await runtime.createIsolatedNetwork(scratchName(identity), scratchLabels('scratch', scope.identity('network', 'run-2')));
    await failing('NameTaken', createScratchNetwork(runtime, identity));
  });

  test('of which only the name is right is not removed, and one that is in use is told', async () => {
    const identity = scope.identity('network');
    const other = await runtime.createIsolatedNetwork(scope.name('production'), scratchLabels('scratch', identity));
    expect(await findScratchOf(runtime, scope.owner())).toEqual([]);
    await runtime.removeNetwork(other.id);
    await createScratchNetwork(runtime, identity);
    const [network] = await findScratchOf(runtime, scope.owner());
    if (network === undefined) throw new Error('the network was not found');
    const id = await scope.run({ imageId, entrypoint: ['sleep', '60'], command: [], init: true, network: network.id });
    await failing('LeftoversRemain', removeScratch(runtime, network));
    await runtime.remove(id);
  });
});

describe('what is on it', () => {
  test('finds its servers by the names of their components, and nothing else: not the host, not what lies behind it, not a container beside it', async () => {
    const { id } = await server('redis');
    await runtime.start(id);
    const outside = await runtime.createNetwork(scope.name('production'), scope.labels);
    const live = await scope.run({ imageId, command: ['redis-server', '--protected-mode', 'no'], network: outside.id, publish: [{ port: 6379, hostPort: null }] });
    const addresses = JSON.parse(await scope.engineCall('GET', `/containers/${live}/json`)) as { NetworkSettings: { Networks: Record<string, { IPAddress: string; Gateway: string }> } };
    const [{ IPAddress, Gateway }] = Object.values(addresses.NetworkSettings.Networks) as [{ IPAddress: string; Gateway: string }];
    const network = JSON.parse(await scope.engineCall('GET', `/networks/${await drillNetwork(runtime, run())}`)) as { IPAM: { Config: { Gateway?: string; Subnet: string }[] } };
    const own = network.IPAM.Config[0]?.Gateway ?? network.IPAM.Config[0]?.Subnet.replace(/\.0\/\d+$/, '.1') ?? '';
    const port = (await runtime.inspect(live)).addresses['6379/tcp']?.[0]?.split(':')[1] ?? '';
    const targets = [[IPAddress, '6379'], [Gateway, port], [own, port], [own, '22'], [own, '53'], ['169.254.169.254', '80'], ['1.1.1.1', '53'], ['8.8.8.8', '443']];
    const heard = await outcomeOf([
      'until [ "$(redis-cli -h redis ping 2>/dev/null)" = PONG ]; do sleep 0.1; done; echo "redis answers"',
      ...targets.map(([host, to]) => `timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/${to}' 2>/tmp/why && echo "${host}:${to} answers" || { grep -qi "refused" /tmp/why && echo "${host}:${to} is there"; true; }`),
      'for name in example.com host.docker.internal; do timeout 4 getent hosts "$name" >/dev/null && echo "$name is known"; done',
      'ls /var/run/docker.sock /run/docker.sock 2>/dev/null; grep CapEff /proc/self/status; true',
    ].join('\n'));
    expect(heard.split('\n').map((line) => line.trim())).toEqual(['redis answers', 'CapEff:\t0000000000000000']);
    // And the live one, to be sure of the question.
    expect((await runtime.exec(live, { argv: ['redis-cli', '-h', IPAddress, 'ping'], timeoutMs: 5_000 })).stdout.trim()).toBe('PONG');
    const facts = await runtime.inspect(id);
    expect([facts.ports, facts.restartPolicy.name, facts.mounts.map(({ type }) => type).sort()]).toEqual([[], 'no', ['tmpfs', 'volume']]);
    await runtime.remove(live);
  });

  test('made twice is one, and goes with its run', async () => {
    const [first, second] = [await server('redis'), await server('redis')];
    expect([await runtime.find(first.id), (await runtime.find(second.id))?.name]).toEqual([null, second.name]);
    await runtime.start((await guest('sleep 60')).id);
    const again = await guest('exit 3');
    await runtime.start(again.id);
    expect((await runtime.wait(again.id)).exitCode).toBe(3);
    expect((await runtime.list({ [labelNames.namespaceId]: scope.namespaceId })).map(({ id }) => id).sort()).toEqual([second.id, again.id].sort());
    expect(await drillVolume(runtime, run(), 'redis')).toBe(await drillVolume(runtime, run(), 'redis'));
  });

  test('bears each of its names, and has memory, volumes and capabilities as they are given, made twice as once', async () => {
    const beside = (): Promise<{ readonly id: string }> => createDrillGuest(runtime, {
      run: run(), step: 'drill-service-broker', imageId, entrypoint: ['/bin/bash'], command: ['-c', 'grep CapEff /proc/self/status; findmnt -no FSTYPE /run/own 2>/dev/null || stat -fc %T /run/own; echo kept > /kept/it && cat /kept/it; exec redis-server --protected-mode no --dir /srv --save ""'],
      names: ['broker', 'test-broker'], tmpfs: ['/run/own'], volumes: ['/kept'], capabilities: ['CHOWN', 'SETUID'], memoryBytes: 64 * 2 ** 20, pids: 64, signal,
    });
    const [first, second] = [await beside(), await beside()];
    expect(await runtime.find(first.id)).toBeNull();
    await runtime.start(second.id);
    expect(await outcomeOf('for name in broker test-broker; do until [ "$(redis-cli -h $name ping 2>/dev/null)" = PONG ]; do sleep 0.1; done; echo $name; done')).toBe('broker\ntest-broker');
    expect((await runtime.logs(second.id, 10_000)).split('\n').slice(0, 3)).toEqual(['CapEff:\t0000000000000081', 'tmpfs', 'kept']);
    const mounts = (await runtime.inspect(second.id)).mounts.map(({ type, destination }) => `${type} ${destination}`).sort();
    expect(mounts).toEqual(['tmpfs /data', 'tmpfs /run/own', 'tmpfs /tmp', 'volume /kept']);
    const volumes = (await runtime.listVolumes(scratchLabels('scratch', { ...run(), component: 'service', step: 'drill-service-broker' }))).map(({ name }) => name);
    expect(volumes).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    for (const each of await findScratchOf(runtime, scope.owner())) await removeScratch(runtime, each);
    expect(await scope.left()).toEqual([]);
  });

  test('has no more processes, memory and log than it was given', async () => {
    const { id } = await guest('for each in $(seq 200); do sleep 20 & done 2>/dev/null; exit 0');
    await runtime.start(id);
    const facts = JSON.parse(await scope.engineCall('GET', `/containers/${id}/json`)) as { HostConfig: { PidsLimit: number; Memory: number; MemorySwap: number; LogConfig: { Config: Record<string, string> } } };
    expect(facts.HostConfig).toMatchObject({ PidsLimit: 64, Memory: 64 * 2 ** 20, MemorySwap: 64 * 2 ** 20, LogConfig: { Config: { 'max-size': '8m', 'max-file': '1' } } });
    await runtime.kill(id);
  });
});

describe('a runtime that is confined to a run', () => {
  const confined = () => confinedRuntime(runtime, scope.owner(), { [labelNames.expiresAt]: '2026-11-30T00:00:00.000Z' });
  const spec = (more: Partial<ContainerSpec>): ContainerSpec => ({ name: scratchName(scope.identity('own')), imageId, command: ['redis-server'], network: 'none', labels: scratchLabels('scratch', scope.identity('own')), ...more });

  test('makes what is its own, which says when it expires, and removes it', async () => {
    const own = confined();
    const { id } = await server('redis', own);
    await own.start(id);
    expect((await own.exec(id, { argv: ['true'], timeoutMs: 10_000 })).exitCode).toBe(0);
    const found = [...await own.list({}), ...await own.listVolumes({}), ...await own.listNetworks({})];
    expect(found).toHaveLength(3);
    for (const { labels } of found) expect(labels[labelNames.expiresAt]).toBe('2026-11-30T00:00:00.000Z');
    for (const each of await findScratchOf(own, scope.owner())) await removeScratch(own, each);
    expect(await scope.left()).toEqual([]);
  });

  test('finds nothing else, whoever\'s it is', async () => {
    const own = confined();
    const live = await scope.run({ imageId, command: ['redis-server'], labels: {} });
    const [theirs, volume] = [await createDrillServer(runtime, { run: run('run-2'), component: 'redis', imageId, entrypoint: ['sleep', '60'], command: [], directory: '/data', signal }), await scope.volume()];
    for (const id of [live, theirs.id, theirs.name]) {
      expect(await own.find(id)).toBeNull();
      for (const call of [() => own.inspect(id), () => own.exec(id, { argv: ['true'], timeoutMs: 1_000 }), () => own.stop(id, 1_000), () => own.restart(id, 1_000), () => own.start(id), () => own.wait(id), () => own.logs(id, 10),
        () => own.readArchive(id, '/'), () => own.writeArchive(id, '/', new Uint8Array()), () => own.updateRestartPolicy(id, { name: 'no', maximumRetryCount: 0 })]) await failing('ContainerNotFound', call() as Promise<unknown>);
      await own.kill(id);
      await own.remove(id);
    }
    await own.removeVolume(volume);
    for (const { id } of await runtime.listNetworks(scratchLabels('scratch', { ...run('run-2'), component: 'service', step: 'drill-network' }))) await own.removeNetwork(id);
    expect([await own.list({}), await own.listVolumes({}), await own.listNetworks({}), await own.findVolume(volume)]).toEqual([[], [], [], null]);
    expect([(await runtime.inspect(live)).state, await runtime.find(theirs.id) !== null, await runtime.findVolume(volume) !== null]).toEqual(['running', true, true]);
    expect(await runtime.listNetworks(scratchLabels('scratch', { ...run('run-2'), component: 'service', step: 'drill-network' }))).toHaveLength(1);
  });

  test('makes nothing that would lead out of it', async () => {
    const own = confined();
    const live = await scope.run({ imageId, command: ['redis-server'], labels: {} });
    const network = await runtime.createNetwork(scope.name('open'), scope.labels);
    for (const more of [
      { labels: scope.labels }, { labels: scratchLabels('scratch', scope.identity('own', 'run-2')) }, { labels: scratchLabels('rollback', scope.identity('own')) },
      { network: `container:${live}` }, { network: 'bridge' }, { network: 'host' }, { network: network.id },
      { mounts: [{ type: 'bind', source: '/', target: '/host' }] }, { mounts: [{ type: 'volume', source: await scope.volume(), target: '/data' }] }, { mounts: [{ type: 'volume', source: 'holdfast-of-nobody', target: '/data' }] },
      { publish: [{ port: 6379, hostPort: null }] }, { environmentOf: live },
    ] as Partial<ContainerSpec>[]) await expect(own.create(spec(more))).rejects.toThrow(/drill/);
    await failing('Internal', own.createNetwork(scope.name('open'), scratchLabels('scratch', scope.identity('own'))));
    await failing('Internal', own.createIsolatedNetwork(scope.name('closed'), scope.labels));
    await failing('Internal', own.createVolume(scope.name('volume'), scope.labels));
    expect(await scope.left()).toEqual([]);
  });
});
