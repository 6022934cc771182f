/** The canary of a backup: written into every store before the first of them is read. */
import { createHash } from 'node:crypto';
import type { Canary } from '../domain/canary.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import { engineOf, inEngineContext, refuseBusyStore, serviceNamed } from './activity-run.ts';
import { requireRunbook } from './authority.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** What stands in the store now; or why it does not, without a full stop. */
export type PlantedCanary = { readonly canary: Canary } | { readonly refused: string };

/** What the run's first attempt wrote: whoever writes it again, or into another store, writes the same. */
export const canaryNoteKey = 'canary';

export function createCanaryActivities(dependencies: ActivityDependencies) {
  return {
    /** Where the configuration asks for it; a store that takes no writes is answered, not thrown. Run again, it leaves the same. @throws ApprovalNotForThisRun, ForeignFence, and what may be tried again */
    plantCanary: (input: { service: string; /** Its name. */ component: string }): Promise<PlantedCanary> =>
      inEngineContext(dependencies, input.service, async (context) => {
        // Another's would take the place of the one that a backup is about to be told by.
        requireRunbook('takeBackup');
        const { canary: isWanted, components } = serviceNamed(dependencies, input.service);
        const component = components.find(({ name }) => name === input.component);
        if (isWanted !== true || component === undefined) return { refused: 'the configuration does not ask for it any more' };
        await refuseBusyStore(dependencies, await dependencies.runtime.inspect(component.container));
        const canary = await context.recordOnce(canaryNoteKey, { nonce: nonceOf(context.owner), writtenAt: new Date(dependencies.nowMs()).toISOString() }) as Canary;
        const refused = await engineOf(dependencies, component).plantCanary(context, component, canary);
        return refused === null ? { canary } : { refused };
      }),
  };
}

const nonceOf = ({ namespaceId, workflowId, runId }: RunOwner): string =>
  createHash('sha256').update(`holdfast-canary-v1\n${namespaceId}\n${workflowId}\n${runId}`).digest('hex').slice(0, 32);
