/** A server of a drill that somebody else ends as soon as it runs: whoever tidies up on the host, an engine that is restarted, a kernel without memory. */
import type { ContainerRuntime } from '../../../src/containers/container-runtime.ts';
import { labelNames } from '../../../src/containers/labels.ts';
import type { Trouble } from '../animal.ts';

/** @param times each time unless given */
export function serverEnded(step: string, end: (runtime: ContainerRuntime, id: string) => Promise<unknown>, times = Number.POSITIVE_INFINITY): Trouble {
  let ended = 0;
  return {
    around: (inner) => new Proxy(inner, {
      get: (target, name) => {
        if (name !== 'start') return Reflect.get(target, name) as unknown;
        return async (id: string, stdin?: string | Uint8Array): Promise<void> => {
          await target.start(id, stdin);
          if (ended >= times || (await target.find(id))?.labels[labelNames.step] !== step) return;
          ended += 1;
          await end(target, id);
        };
      },
    }),
  };
}
