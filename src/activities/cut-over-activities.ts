/** The destructive steps, each keyed by run and step and safe to repeat. All of them ask {@link requireAuthority} first. */
import { lowerFences, raiseFences, type FencedStore } from '../containers/fence.ts';
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { RestorePlan } from '../domain/restore-plan.ts';
import type { ComponentCutOver, RestartPolicy, RollbackRecord } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext } from './activity-run.ts';
import { type Authority, consumeAuthority, pinnedNow, requireAuthority, requireOwnPlan } from './authority.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readBackup } from './proof-activities.ts';

export interface BeginCutOverInput {
  readonly authority: Authority;
  readonly decision: { readonly by: string; readonly reason?: string; readonly at: string };
  readonly operation: 'restore' | 'undo';
  readonly components: readonly Component[];
  readonly cutOvers: readonly ComponentCutOver[];
  readonly backupId: string | null;
  readonly point: string | null;
  readonly createdRoles: readonly string[];
}

export interface CutOverStep {
  readonly authority: Authority;
  readonly component: Component;
  readonly cutOver: ComponentCutOver;
}

const noRestart: RestartPolicy = { name: 'no', maximumRetryCount: 0 };

export function createCutOverActivities(dependencies: ActivityDependencies) {
  const { runtime } = dependencies;

  return {
    /**
     * The first destructive activity: consumes the nonce, raises the fences, records what is there and only then takes the restart policies
     * away, so that nothing starts a database in mid cut-over (databases.md D16).
     */
    beginCutOver: (input: BeginCutOverInput): Promise<void> =>
      inEngineContext(dependencies, input.authority.service, async (context) => {
        const { service } = input.authority;
        const repository = firstRepository(dependencies, service);
        // Whose plan it is comes first: a former self of a reset run must not even be looked at for changed facts.
        await requireOwnPlan(dependencies, input.authority);
        const recorded = await repository.readRollback(service, context.owner.runId);
        const pinned = recorded === null ? await pinnedNow(dependencies, context, input.components) : null;
        const plan = await consumeAuthority(dependencies, input.authority, input.decision, pinned);
        await raiseFences(runtime, { owner: context.owner, service, component: 'service', step: 'fence' }, await fencedStores(plan));
        await repository.recordRollback(recorded?.record ?? await recordFor(input));
        for (const { containerId } of input.cutOvers) await runtime.updateRestartPolicy(containerId, noRestart);
      }),

    closeComponent: (input: CutOverStep): Promise<void> =>
      authorised(input, (context) => engineOf(dependencies, input.component).close(context, input.component, input.cutOver)),

    swapComponent: (input: CutOverStep): Promise<void> =>
      authorised(input, (context) => engineOf(dependencies, input.component).swap(context, input.component, input.cutOver)),

    /** Equality established closed, before anyone is let in. @throws ProofFailed, CouldNotVerify */
    compareClosedComponent: (input: CutOverStep & { backup: { backupId: string; manifestSha256: string } | null }): Promise<void> =>
      authorised(input, async (context) => {
        const backup: ComponentBackup | null = input.backup === null ? null
          : (await readBackup(dependencies, { service: input.authority.service, ...input.backup, component: input.component.name })).backup;
        const differences = await engineOf(dependencies, input.component).compareClosed(context, input.component, input.cutOver, backup);
        if (differences.length > 0) throw new HoldfastFailure('ProofFailed', { operation: 'compare before the opening', object: input.component.container, cause: `${differences.length} differences, first: ${differences[0]?.object ?? ''}`, hint: 'Both stores are rolled back to what was there; the backup must be examined.' });
      }),

    /** The point of no return: from here a repair goes forward. */
    markOpening: async (input: Authority): Promise<void> => {
      await requireAuthority(dependencies, input, null);
      await mark(input.service, 'opening');
    },

    openComponent: (input: CutOverStep): Promise<void> =>
      authorised(input, (context) => engineOf(dependencies, input.component).open(context, input.component, input.cutOver)),

    /** All is open: recorded, restart policies as they were, fences down. */
    finishCutOver: async (input: Authority & { undoneRunId: string | null }): Promise<void> => {
      const owner = currentOwner(dependencies);
      const rollback = await ownRollback(input.service);
      await mark(input.service, 'opened');
      if (input.undoneRunId !== null) await firstRepository(dependencies, input.service).markRollback(input.service, input.undoneRunId, 'undone', { ...owner, at: now() });
      await putBackRestartPolicies(dependencies, rollback);
      await lowerFences(runtime, owner, rollback.cutOvers.map((cutOver) => cutOver.volume));
    },

    /** Compensation before the opening: one component as it was, open. */
    rollBackComponent: (input: CutOverStep): Promise<void> =>
      inEngineContext(dependencies, input.authority.service, async (context) => {
        const rollback = await firstRepository(dependencies, input.authority.service).readRollback(input.authority.service, context.owner.runId);
        if (rollback === null) return;
        if (rollback.state !== 'recorded') return;
        await requireAuthority(dependencies, input.authority, input.cutOver);
        await engineOf(dependencies, input.component).rollBack(context, input.component, input.cutOver);
      }),

    /** Compensation's end: recorded, restart policies as they were, fences down. */
    finishRollBack: async (input: Authority): Promise<void> => {
      const owner = currentOwner(dependencies);
      const rollback = await firstRepository(dependencies, input.service).readRollback(input.service, owner.runId);
      const volumes = (await firstRepository(dependencies, input.service).readPlan(input.service, input.nonce)).body.stores.map((store) => store.volume);
      if (rollback !== null && (rollback.state === 'recorded' || rollback.state === 'rolledBack')) {
        await mark(input.service, 'rolledBack');
        await putBackRestartPolicies(dependencies, rollback.record);
      }
      if (rollback === null || rollback.state === 'recorded' || rollback.state === 'rolledBack') await lowerFences(runtime, owner, volumes);
    },

    /** accept: consumes the nonce of the accept run's own plan, then lets one component's rollback copy go. */
    discardRollbackCopy: (input: { authority: Authority; decision: BeginCutOverInput['decision']; component: Component; cutOver: ComponentCutOver; rollbackRunId: string; components: readonly Component[] }): Promise<void> =>
      inEngineContext(dependencies, input.authority.service, async (context) => {
        const { service } = input.authority;
        const repository = firstRepository(dependencies, service);
        const consumed = await repository.readApproval(service, input.authority.nonce);
        const plan = await consumeAuthority(dependencies, input.authority, input.decision, consumed === null ? await pinnedNow(dependencies, context, input.components) : null);
        const rollback = await repository.readRollback(service, input.rollbackRunId);
        const named = rollback?.record.cutOvers.some((cutOver) => JSON.stringify(cutOver) === JSON.stringify(input.cutOver)) ?? false;
        if (plan.body.operation !== 'accept' || plan.body.rollbackOf !== input.rollbackRunId || !named || rollback?.state !== 'opened') {
          throw new HoldfastFailure('PlanChanged', { operation: 'let the rollback copy go', object: input.rollbackRunId, cause: 'the copy is not the one the plan names', hint: 'holdfast status shows the copies there are.' });
        }
        await raiseFences(runtime, { owner: context.owner, service, component: 'service', step: 'fence' }, await fencedStores(plan));
        await engineOf(dependencies, input.component).discardRollback(context, input.component, input.cutOver);
      }),

    markAccepted: async (input: { service: string; rollbackRunId: string }): Promise<void> => {
      const { workflowId, runId } = currentOwner(dependencies);
      await firstRepository(dependencies, input.service).markRollback(input.service, input.rollbackRunId, 'accepted', { workflowId, runId, at: now() });
    },

    /** The end of accept, and its compensation: this run's own fences, and no other's, go down. */
    lowerOwnFences: async (input: Authority): Promise<void> => {
      const plan = await firstRepository(dependencies, input.service).readPlan(input.service, input.nonce);
      await lowerFences(runtime, currentOwner(dependencies), plan.body.stores.map((store) => store.volume));
    },
  };

  function authorised<T>(input: CutOverStep, step: (context: Parameters<Parameters<typeof inEngineContext>[2]>[0]) => Promise<T>): Promise<T> {
    return inEngineContext(dependencies, input.authority.service, async (context) => {
      await requireAuthority(dependencies, input.authority, input.cutOver);
      return step(context);
    });
  }

  function fencedStores(plan: RestorePlan): Promise<readonly FencedStore[]> {
    return Promise.all(plan.body.stores.map(async (store) => ({ volume: store.volume, imageId: (await runtime.inspect(store.containerId)).imageId })));
  }

  function now(): string {
    return new Date(dependencies.nowMs()).toISOString();
  }

  async function mark(service: string, milestone: 'opening' | 'opened' | 'rolledBack'): Promise<void> {
    const { workflowId, runId } = currentOwner(dependencies);
    await firstRepository(dependencies, service).markRollback(service, runId, milestone, { workflowId, runId, at: now() });
  }

  async function ownRollback(service: string): Promise<RollbackRecord> {
    const { runId } = currentOwner(dependencies);
    const rollback = await firstRepository(dependencies, service).readRollback(service, runId);
    if (rollback !== null) return rollback.record;
    throw new HoldfastFailure('AmbiguousState', { operation: 'finish the cut-over', object: service, cause: 'this run recorded no cut-over', hint: 'Run reapLeftovers; it reads what is there.' });
  }

  async function recordFor(input: BeginCutOverInput): Promise<RollbackRecord> {
    const owner = currentOwner(dependencies);
    const facts = await Promise.all(input.cutOvers.map((cutOver) => runtime.inspect(cutOver.containerId)));
    return {
      format: 1,
      service: input.authority.service,
      operation: input.operation,
      ...owner,
      backupId: input.backupId,
      point: input.point,
      cutOvers: input.cutOvers,
      restartPolicies: facts.map((container) => ({ container: container.name, containerId: container.id, policy: container.restartPolicy })),
      createdRoles: input.createdRoles,
      recordedAt: now(),
    };
  }
}

/** Every container of the record gets the restart policy it had; one that is gone has none to get. */
export async function putBackRestartPolicies(dependencies: ActivityDependencies, record: RollbackRecord): Promise<void> {
  for (const { containerId, policy } of record.restartPolicies) {
    if ((await dependencies.runtime.find(containerId)) !== null) await dependencies.runtime.updateRestartPolicy(containerId, policy);
  }
}
