/** A file system of its own size, in memory, and the engine on which helpers have their volume there: for what runs full. */
import type { ContainerRuntime } from '../../../src/containers/container-runtime.ts';
import type { EngineContext } from '../../../src/engines/engine-context.ts';
import type { DockerScope } from '../../support/docker.ts';

export interface SmallVolume {
  readonly name: string;
  /** Where it is /small. */
  shell(command: string): Promise<string>;
}

/**
 * What it holds stays while the shell on it runs.
 * @param readOnly of a server's data: whoever else may write to it is in a restore's way
 */
export async function smallVolume(docker: DockerScope, sizeMiB: number, readOnly = false): Promise<SmallVolume> {
  const name = docker.name('small');
  await docker.engineCall('POST', '/volumes/create', { Name: name, Labels: docker.labels, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: `size=${Math.ceil(sizeMiB * 1024)}k` } });
  const id = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['900'], mounts: [{ type: 'volume', source: name, target: '/small', readOnly }] });
  return { name, shell: async (command) => (await docker.runtime.exec(id, { argv: ['sh', '-c', command], timeoutMs: 120_000 })).stdout.trim() };
}

export function onVolume(docker: DockerScope, ctx: EngineContext, volume: string): EngineContext {
  const create: ContainerRuntime['create'] = (spec) =>
    docker.runtime.create({ ...spec, mounts: (spec.mounts ?? []).map((mount) => (mount.target === '/holdfast' ? { ...mount, source: volume } : mount)) });
  const runtime = new Proxy(docker.runtime, {
    get: (target, name) => {
      const own = (name === 'create' ? create : Reflect.get(target, name, target)) as unknown;
      return typeof own === 'function' ? own.bind(target) as unknown : own;
    },
  });
  return { ...ctx, runtime };
}
