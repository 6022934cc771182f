/** The servers of a drill in somebody else's hands (whoever tidies up on the host, an engine that is restarted, a kernel without memory): ended, some as soon as they run, or written to. */
import { Context } from '@temporalio/activity';
import type { ContainerRuntime } from '../../../src/containers/container-runtime.ts';
import { labelNames } from '../../../src/containers/labels.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';
import type { Trouble } from '../animal.ts';

type End = (runtime: ContainerRuntime, id: string) => Promise<unknown>;
export const kill: End = (runtime, id) => runtime.kill(id);

/** As soon as it runs. @param step of its labels @param times each time unless given */
export function endedAtStart(step: string, end: End, times = Number.POSITIVE_INFINITY): Trouble {
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

/** Before they are checked. */
export const killedBeforeCheck = (service: ServiceFixture): Trouble => beforeCheck(service, (id) => service.runtime.kill(id));

/** The same: a command by redis-cli. */
export const writtenBeforeCheck = (service: ServiceFixture, command: readonly string[]): Trouble =>
  beforeCheck(service, async (id) => void await service.runtime.exec(id, { argv: ['redis-cli', '-e', ...command], timeoutMs: 20_000 }));

/** Of the drill whose step it is: another one is at work in the other lane. */
function beforeCheck({ runtime }: ServiceFixture, act: (serverId: string) => Promise<void>): Trouble {
  return {
    probe: {
      before: async ({ activity }) => {
        if (activity !== 'checkDrill') return;
        for (const { id } of await runtime.list({ [labelNames.runId]: Context.current().info.workflowExecution?.runId ?? '', [labelNames.step]: 'drill-server' })) await act(id);
      },
    },
  };
}
