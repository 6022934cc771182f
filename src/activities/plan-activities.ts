/** Making ready beside, planning, and asking whether an approval is current. Nothing live changes here. */
import { randomBytes } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { howToRun } from '../containers/how-to-run.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { Verdict } from '../domain/proof.ts';
import { planBytes, type PlanBody, type RestorePlan } from '../domain/restore-plan.ts';
import type { ComponentCutOver, RollbackRecord } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import { shortRunId } from '../domain/workflow-ids.ts';
import type { PreparedComponent } from '../engines/engine-context.ts';
import type { Rollback } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext, refuseBusyStore, serviceNamed } from './activity-run.ts';
import { sourceOf } from './artifacts.ts';
import { type Authority, digestOf, isCurrent } from './authority.ts';
import { noteKnownCutOvers, writeMarkKey, writeMarkOf } from './cut-over-state.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { tellingHowToRecreate } from './missing-container.ts';
import { readBackup } from './proof-activities.ts';
import { startOnItsData, startUnlessUnusable } from './start-unless-unusable.ts';

export function createPlanActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * Starts a container that is stopped, and waits until its database answers steadily: also where a later attempt finds it running, for the one before
     * may have started it a moment ago. One that ran all along has only to answer. What can never be restored into (a replica, another engine) is refused without the wait, and a standby that is stopped, or a volume without a server, before the start; an accept does not ask.
     * With `orReplace`, one that cannot be made to answer is no failure: `unusable` then says why its data has to be replaced as a whole.
     * @throws ContainerNotRunning, ContainerNotFound, ForeignFence, and what the engine's inspection refuses
     */
    async ensureRunning(input: { service: string; component: Component; purpose: 'restore' | 'accept'; orReplace?: boolean }): Promise<{ readonly started: boolean; readonly unusable?: string }> {
      const { component, purpose } = input;
      const facts = await tellingHowToRecreate(dependencies, input.service, component, () => dependencies.runtime.inspect(component.container));
      // Stopped may mean: in the midst of another run's cut-over. Starting it there would be the worst thing to do.
      await refuseBusyStore(dependencies, facts);
      if (facts.state === 'paused') throw cannotStart(component, 'it is paused', howToRun(facts));
      const started = facts.state !== 'running';
      if (input.orReplace === true && engineOf(dependencies, component).prepareWhole !== undefined) {
        return inEngineContext(dependencies, input.service, (context) => startUnlessUnusable(context, engineOf(dependencies, component), component, facts, activityInfo().attempt > 1));
      }
      await inEngineContext(dependencies, input.service, async (context) => {
        const engine = engineOf(dependencies, component);
        if (started && purpose === 'restore') await startOnItsData(context, engine, component, facts);
        else if (started) await dependencies.runtime.start(facts.id);
        const answers = !started && purpose === 'restore' && await engine.inspect(context, component, 'restore').then(() => true, ignoreTransient);
        if (!answers || activityInfo().attempt > 1) await engine.waitUntilReady(context, component);
      });
      return { started };
    },

    /**
     * The backup's data made ready beside the live data, compared, closed; as a whole where its server was found `unusable`. With `replace`, of an engine that can: nothing is made, and the plan says
     * how the live data is dropped first. @throws ContainerNotFound (of the application, which is restarted at the end) and what the engine throws
     */
    prepareComponent: (input: { service: string; backupId: string; manifestSha256: string; component: Component; unusable?: string; replace?: boolean }): Promise<PreparedComponent> =>
      inEngineContext(dependencies, input.service, async (context) => {
        await requireApplication(input.service, input.component);
        const { manifest, backup } = await readBackup(dependencies, { ...input, component: input.component.name });
        const engine = engineOf(dependencies, input.component);
        const source = sourceOf(firstRepository(dependencies, input.service), manifest);
        const prepared = await (input.replace === true && engine.replacements !== undefined ? engine.replacements.prepare(context, input.component, backup, source, { backupId: manifest.backupId, manifestSha256: input.manifestSha256, proof: await newestProof(input) })
          : input.unusable === undefined || engine.prepareWhole === undefined
          ? engine.prepare(context, input.component, backup, source) : engine.prepareWhole(context, input.component, backup, source, input.unusable));
        await context.recordOnce(writeMarkKey(input.component.name), await writeMarkOf(dependencies, context, input.component, prepared.cutOver));
        return prepared;
      }),

    /** The rollback copy of an earlier run as something to cut over to. @throws UnknownRollbackCopy, ContainerNotFound (of the application) */
    prepareUndoOf: (input: { service: string; component: Component; previous: ComponentCutOver; unusable?: string }): Promise<PreparedComponent> =>
      inEngineContext(dependencies, input.service, async (context) => {
        await requireApplication(input.service, input.component);
        return engineOf(dependencies, input.component).prepareUndo(context, input.component, input.previous, input.unusable);
      }),

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
      if (input.body.stores.length === 0) throw new HoldfastFailure('InvalidInput', { operation: 'make the plan', object: service, cause: 'it names no store, so there is nothing that an approval could be bound to', hint: 'Name at least one component of the service.' });
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
      const repository = firstRepository(dependencies, service);
      await noteKnownCutOvers(repository, service, runId, plan.envelope.nonce);
      await repository.recordPlan(plan);
      return plan;
    },

    /** Does the approved envelope belong to the run that asks? After a reset it does not: `stale`, and the plan is shown anew. */
    confirmApproval: async (input: Authority): Promise<'current' | 'stale'> => ((await isCurrent(dependencies, input)) ? 'current' : 'stale'),

    /**
     * The rollback copy of a run, by run id, workflow id or the short form people read. With "latest", the newest that is open in the service's own
     * containers: a later rehearsal in other ones must not stand before it. One whose copies were begun to be let go is there for an accept alone.
     * @throws UnknownRollbackCopy, RepositoryDamaged
     */
    async findRollback(input: { service: string; run: string }): Promise<Rollback> {
      const open = (await firstRepository(dependencies, input.service).listRollbacks(input.service)).filter(({ state }) => state === 'opened' || (state === 'accepting' && activityInfo().workflowType === 'acceptRestore'));
      const found = input.run === 'latest' ? open.filter(({ record }) => inOwnContainers(input.service, record)).at(-1)
        : open.find(({ record }) => record.runId === input.run || record.workflowId === input.run || record.workflowId.endsWith(`/${input.run}`));
      if (found !== undefined) return found;
      const others = open.map(({ record }) => `${shortRunId(record.workflowId)}${inOwnContainers(input.service, record) ? '' : ' (in other containers)'}`);
      throw new HoldfastFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: input.run, cause: others.length === 0 ? 'the service has no rollback copy' : `there are copies of ${others.join(', ')}`, hint: 'holdfast status shows every rollback copy and its run.' });
    },
  };

  /** Of these very bytes of the component. */
  async function newestProof({ service, backupId, manifestSha256, component }: { service: string; backupId: string; manifestSha256: string; component: Component }): Promise<Verdict | null> {
    const proofs = (await firstRepository(dependencies, service).listProofs(service, backupId)).filter((proof) => proof.manifestSha256 === manifestSha256);
    return proofs.at(-1)?.components.find((each) => each.component === component.name)?.verdict ?? null;
  }

  function inOwnContainers(service: string, record: RollbackRecord): boolean {
    const { components } = serviceNamed(dependencies, service);
    return record.cutOvers.every(({ component, container }) => components.some((own) => own.name === component && own.container === container));
  }

  /** What is to be restarted after the opening has to be there before a plan promises it. A restore into other containers restarts nothing. */
  async function requireApplication(service: string, component: Component): Promise<void> {
    const { components, application } = serviceNamed(dependencies, service);
    if (!components.some((own) => own.name === component.name && own.container === component.container)) return;
    for (const container of application?.containers ?? []) {
      if ((await dependencies.runtime.find(container)) !== null) continue;
      throw new HoldfastFailure('ContainerNotFound', { operation: 'find the application', object: container, cause: 'there is no container of that name, and it is to be restarted after the data was exchanged', hint: 'Create it, or take it out of app.containers. Nothing was changed.' });
    }
  }
}

/** A server that does not answer yet says nothing about what it is. */
function ignoreTransient(error: unknown): false {
  if (!isFailure(error) || !error.retryable) throw error;
  return false;
}

const cannotStart = (component: Component, cause: string, command: string): HoldfastFailure =>
  new HoldfastFailure('ContainerNotRunning', { operation: 'start the database', object: component.container, cause, hint: `Make it run (${command}), then start the restore again.` });
