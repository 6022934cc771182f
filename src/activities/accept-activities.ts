/** Letting a rollback copy go: the one thing that no undo brings back. Asks {@link requireAuthority} like every destructive step. */
import { lowerFences, raiseFences } from '../containers/fence.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { PinnedStore } from '../domain/restore-plan.ts';
import type { ComponentCutOver } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import type { Rollback } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext } from './activity-run.ts';
import { type Authority, consumeAuthority, type Decided, requireAuthority, requireOwnPlan } from './authority.ts';
import { fencedStores, otherCopy } from './cut-over-state.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** An accept that was cut off, or whose answer was lost, goes on where it was. */
const acceptableStates: ReadonlySet<string> = new Set(['opened', 'accepting', 'accepted']);

export function createAcceptActivities(dependencies: ActivityDependencies) {
  const { runtime } = dependencies;

  return {
    /** What an accept is about, pinned: where the copy lies, whichever container it was made for. @throws ContainerNotFound */
    pinRollbackCopy: (input: { service: string; cutOver: ComponentCutOver }): Promise<PinnedStore> => pinCopy(input.cutOver),

    /** accept: consumes the nonce of the accept run's own plan, then lets one component's rollback copy go. */
    discardRollbackCopy: (input: { authority: Authority; decision: Decided; component: Component; cutOver: ComponentCutOver; rollbackRunId: string }): Promise<void> =>
      inEngineContext(dependencies, input.authority.service, async (context) => {
        const { service } = input.authority;
        await requireOwnPlan(dependencies, input.authority);
        const repository = firstRepository(dependencies, service);
        const rollback = await acceptable(input.authority, input.rollbackRunId);
        if (!rollback.record.cutOvers.some((cutOver) => canonicalJson(cutOver) === canonicalJson(input.cutOver))) throw otherCopy(input.rollbackRunId);
        const consumed = await repository.readApproval(service, input.authority.nonce);
        const found = consumed === null ? { stores: await Promise.all(rollback.record.cutOvers.map(pinCopy)), empty: false } : null;
        const plan = await consumeAuthority(dependencies, input.authority, input.decision, found);
        await raiseFences(runtime, { owner: context.owner, service, component: 'service', step: 'fence' }, await fencedStores(runtime, plan));
        // Said before the first copy goes: whoever finds this run ended half-way lets the others go too.
        const { workflowId, runId } = context.owner;
        await repository.markRollback(service, input.rollbackRunId, 'accepting', { workflowId, runId, at: new Date(dependencies.nowMs()).toISOString() });
        await engineOf(dependencies, input.component).discardRollback(context, input.component, input.cutOver);
      }),

    /** All copies of the run are gone: said by the accept that let them go, and by nobody else. @throws ApprovalNotForThisRun, PlanChanged */
    markAccepted: async (input: Authority & { rollbackRunId: string }): Promise<void> => {
      await requireAuthority(dependencies, input, null);
      const { workflowId, runId } = currentOwner(dependencies);
      await acceptable(input, input.rollbackRunId);
      await firstRepository(dependencies, input.service).markRollback(input.service, input.rollbackRunId, 'accepted', { workflowId, runId, at: new Date(dependencies.nowMs()).toISOString() });
    },

    /** The end of accept, and its compensation: this run's own fences, and no other's, go down. */
    lowerOwnFences: async (input: Authority): Promise<void> => {
      const plan = await firstRepository(dependencies, input.service).readPlan(input.service, input.nonce);
      await lowerFences(runtime, currentOwner(dependencies), plan.body.stores.map((store) => store.volume));
    },
  };

  /** The rollback that this accept's plan names, while there is something to accept. @throws PlanChanged */
  async function acceptable(authority: Authority, rollbackRunId: string): Promise<Rollback> {
    const repository = firstRepository(dependencies, authority.service);
    const { body } = await repository.readPlan(authority.service, authority.nonce);
    const rollback = await repository.readRollback(authority.service, rollbackRunId);
    if (body.operation !== 'accept' || body.rollbackOf !== rollbackRunId || rollback === null || !acceptableStates.has(rollback.state)) throw otherCopy(rollbackRunId);
    return rollback;
  }

  async function pinCopy(cutOver: ComponentCutOver): Promise<PinnedStore> {
    const container = await runtime.inspect(cutOver.container);
    const { component, engine, volume } = cutOver;
    return { component, engine, container: cutOver.container, containerId: container.id, volume, identity: cutOver.engine === 'postgres' ? cutOver.systemIdentifier : null, database: cutOver.engine === 'postgres' ? cutOver.database : null };
  }
}
