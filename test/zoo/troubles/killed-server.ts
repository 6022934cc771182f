/** The server of a drill, killed by somebody else as soon as it is started. */
import type { ServiceFixture } from '../../support/service-fixture.ts';
import type { Trouble } from '../animal.ts';

/** Ends the servers of the service's drills that run. */
export async function killServers(service: ServiceFixture): Promise<void> {
  for (const { id, name } of await service.runtime.list({ 'dev.holdfast.service': service.name })) if (name.includes('drill-server')) await service.runtime.kill(id);
}

/** @param times so many starts of it, of all */
export function killedAtStart(service: ServiceFixture, times: number): Trouble {
  let left = times;
  return {
    probe: {
      around: async ({ activity }, name, run) => {
        const result = await run();
        if (activity === 'startDrill' && name.startsWith('runtime.start#') && (left -= 1) >= 0) await killServers(service);
        return result;
      },
    },
  };
}
