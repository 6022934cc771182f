/** A runtime that asks the engine about each container, as soon as it is made, what share of the machine it has. */
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import type { DockerScope } from './docker.ts';

export interface MachineShare {
  readonly cpuShares: number;
  readonly oomScoreAdj: number;
  /** 0 where there is no limit. */
  readonly memoryBytes: number;
}

interface Answer {
  readonly HostConfig: { readonly CpuShares: number; readonly OomScoreAdj: number; readonly Memory: number };
}

export function watchedRuntime(scope: DockerScope): { readonly runtime: ContainerRuntime; readonly made: readonly MachineShare[] } {
  const made: MachineShare[] = [];
  const create: ContainerRuntime['create'] = async (spec) => {
    const { id } = await scope.runtime.create(spec);
    const { HostConfig: { CpuShares, OomScoreAdj, Memory } } = JSON.parse(await scope.engineCall('GET', `/containers/${id}/json`)) as Answer;
    made.push({ cpuShares: CpuShares, oomScoreAdj: OomScoreAdj, memoryBytes: Memory });
    return { id };
  };
  // Its methods are a class's: on an object that only inherits from it they would find nothing of their own.
  const get = (target: ContainerRuntime, name: string): unknown => {
    const own = Reflect.get(target, name) as unknown;
    return name === 'create' ? create : typeof own === 'function' ? own.bind(target) as unknown : own;
  };
  return { made, runtime: new Proxy(scope.runtime, { get: (target, name) => get(target, String(name)) }) };
}
