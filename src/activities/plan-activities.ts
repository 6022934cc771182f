/** Making ready beside, planning, and asking whether an approval is current. Nothing live changes here. */
import { randomBytes } from 'node:crypto';
import { HoldfastFailure } from '../domain/failures.ts';
import { planBytes, type PlanBody, type RestorePlan } from '../domain/restore-plan.ts';
import type { ComponentCutOver } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import type { PreparedComponent } from '../engines/engine.ts';
import type { Rollback } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext, refuseBusyStore, serviceNamed } from './activity-run.ts';
import { sourceOf } from './artifacts.ts';
import { type Authority, digestOf, isCurrent } from './authority.ts';
import { writeMarkKey } from './cut-over-state.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readBackup } from './proof-activities.ts';

export function createPlanActivities(dependencies: ActivityDependencies) {
  return {
    /** Starts a container that is stopped, and waits until its database answers. @throws ContainerNotRunning, ContainerNotFound, ForeignFence */
    async ensureRunning(input: { service: string; component: Component }): Promise<{ readonly started: boolean }> {
      const { component } = input;
      const facts = await dependencies.runtime.inspect(component.container);
      // Stopped may mean: in the midst of another run's cut-over. Starting it there would be the worst thing to do.
      await refuseBusyStore(dependencies, facts);
      if (facts.state === 'running') return { started: false };
      if (facts.state === 'paused') throw cannotStart(component, 'it is paused', `docker unpause ${component.container}`);
      await dependencies.runtime.start(facts.id);
      await inEngineContext(dependencies, input.service, (context) => engineOf(dependencies, component).waitUntilReady(context, component));
      return { started: true };
    },

    /** The backup's data made ready beside the live data, compared, closed. */
    prepareComponent: (input: { service: string; backupId: string; manifestSha256: string; component: Component }): Promise<PreparedComponent> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { manifest, backup } = await readBackup(dependencies, { ...input, component: input.component.name });
        const engine = engineOf(dependencies, input.component);
        const prepared = await engine.prepare(context, input.component, backup, sourceOf(firstRepository(dependencies, input.service), manifest));
        await context.recordOnce(writeMarkKey(input.component.name), await engine.writeMark(context, input.component));
        return prepared;
      }),

    /** The rollback copy of an earlier run as something to cut over to. @throws UnknownRollbackCopy */
    prepareUndoOf: (input: { service: string; component: Component; previous: ComponentCutOver }): Promise<PreparedComponent> =>
      inEngineContext(dependencies, input.service, (context) => engineOf(dependencies, input.component).prepareUndo(context, input.component, input.previous)),

    /** Removes what was made ready and not used; nothing of a cut-over that has begun and was not rolled back to its end. */
    discardPreparedComponent: (input: { service: string; component: Component; cutOver: ComponentCutOver }): Promise<void> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const own = await firstRepository(dependencies, input.service).readRollback(input.service, context.owner.runId);
        if (own !== null && own.state !== 'rolledBack') return;
        await engineOf(dependencies, input.component).discardPrepared(context, input.component, input.cutOver);
      }),

    /** Puts body and envelope together for this run, stores them under the nonce and answers both. */
    async planRestore(input: { body: PlanBody }): Promise<RestorePlan> {
      const { service } = input.body;
      const { workflowId, runId } = currentOwner(dependencies);
      const issuedMs = dependencies.nowMs();
      const plan: RestorePlan = {
        body: input.body,
        envelope: {
          workflowId, runId,
          nonce: randomBytes(16).toString('hex'),
          issuedAt: new Date(issuedMs).toISOString(),
          expiresAt: new Date(issuedMs + serviceNamed(dependencies, service).approval.expiresAfterMs).toISOString(),
          digest: digestOf(planBytes(input.body)),
        },
      };
      await firstRepository(dependencies, service).recordPlan(plan);
      return plan;
    },

    /** Does the approved envelope belong to the run that asks? After a reset it does not: `stale`, and the plan is shown anew. */
    confirmApproval: async (input: Authority): Promise<'current' | 'stale'> => ((await isCurrent(dependencies, input)) ? 'current' : 'stale'),

    /**
     * The rollback copy of a run, by run id, workflow id or the short form people read. With "latest", the newest that is open.
     * @throws UnknownRollbackCopy
     */
    async findRollback(input: { service: string; run: string }): Promise<Rollback> {
      const open = (await firstRepository(dependencies, input.service).listRollbacks(input.service)).filter((rollback) => rollback.state === 'opened');
      const found = input.run === 'latest' ? open.at(-1) : open.find(({ record }) => record.runId === input.run || record.workflowId === input.run || record.workflowId.endsWith(`/${input.run}`));
      if (found !== undefined) return found;
      throw new HoldfastFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: input.run, cause: open.length === 0 ? 'the service has no rollback copy' : `there are copies of ${open.map(({ record }) => record.workflowId.split('/').at(-1)).join(', ')}`, hint: 'holdfast status shows every rollback copy and its run.' });
    },
  };
}

const cannotStart = (component: Component, cause: string, command: string): HoldfastFailure =>
  new HoldfastFailure('ContainerNotRunning', { operation: 'start the database', object: component.container, cause, hint: `Make it run (${command}), then start the restore again.` });
