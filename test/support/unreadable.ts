/** Stored files that a helper may not read, though the worker does: as under SELinux, userns-remap, or on a share that refuses root. */
import { chmod } from 'node:fs/promises';
import type { ContainerRuntime, ContainerSpec } from '../../src/containers/container-runtime.ts';

/** Only whom the worker runs as may read it, or whoever may read anything. */
export const closeToOthers = (path: string): Promise<void> => chmod(path, process.getuid?.() === 0 ? 0 : 0o400);

const mayReadAnything = 'DAC_OVERRIDE';
const sourceTargets = ['/source', '/archive', '/rdb'];

/** An engine whose helpers are root by name only where they have something stored before them. */
export function withoutOverride(inner: ContainerRuntime): ContainerRuntime {
  const reads = ({ mounts = [] }: ContainerSpec): boolean => mounts.some(({ target }) => sourceTargets.some((each) => `${target}/`.startsWith(`${each}/`)));
  const create: ContainerRuntime['create'] = (spec) =>
    inner.create(reads(spec) && Array.isArray(spec.capabilities) ? { ...spec, capabilities: (spec.capabilities as readonly string[]).filter((each) => each !== mayReadAnything) } : spec);
  return new Proxy(inner, {
    get: (target, name) => {
      const own = (name === 'create' ? create : Reflect.get(target, name, target)) as unknown;
      return typeof own === 'function' ? own.bind(target) as unknown : own;
    },
  });
}
