/** An engine under which a server is told to end as soon as it is up, or loads its data: `docker stop` by somebody else. */
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { waitFor } from './service-fixture.ts';

/** @param serverId nothing else is told @param command answers in it with these words once it takes a signal */
export function toldToEnd(runtime: ContainerRuntime, serverId: string, command: readonly string[], words: RegExp): ContainerRuntime {
  const start = async (id: string, stdin?: string): Promise<void> => {
    await runtime.start(id, stdin);
    if (id !== serverId) return;
    await waitFor(async () => words.test((await runtime.exec(id, { argv: command, timeoutMs: 20_000 })).stdout));
    await runtime.stop(id, 60_000);
  };
  return new Proxy(runtime, { get: (target, name) => (name === 'start' ? start : (Reflect.get(target, name) as () => unknown).bind(target)) });
}
