/** The destructive steps, each keyed by run and step and safe to repeat. All of them ask {@link requireAuthority} first. */
import { lowerFences, raiseFences } from '../containers/fence.ts';
import { allEnded } from '../domain/all-ended.ts';
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { replacementIn, replacesWholeServer, type Replacement, type ComponentCutOver, type RollbackRecord } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext } from './activity-run.ts';
import { type Authority, consumeAuthority, type Decided, findStores, type Found, requireAuthority, requireOwnPlan } from './authority.ts';
import { chooseDirection, completeRestore, fencedStores, noRestart, otherCopy, putBackRestartPolicies, refuseCutOversSince, requireAuthorityToEnd, untilThereIsRoom, writeMarkKey, writeMarkOf } from './cut-over-state.ts';
import { sourceOf } from './artifacts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readBackup } from './proof-activities.ts';

export interface BeginCutOverInput {
  readonly authority: Authority;
  readonly decision: Decided;
  readonly operation: RollbackRecord['operation'];
  readonly components: readonly Component[];
  readonly cutOvers: readonly ComponentCutOver[];
  readonly backupId: string | null;
  readonly point: string | null;
  readonly createdRoles: readonly string[];
  /** Of an undo: the run whose rollback copy it brings back. */
  readonly undoneRunId: string | null;
}

export interface CutOverStep {
  readonly authority: Authority;
  readonly component: Component;
  readonly cutOver: ComponentCutOver;
}

export interface CloseStep extends CutOverStep {
  /** The transaction counter when the plan's losses were counted; the run's note of it unless given. */
  readonly readyMark?: string | null;
}

export function createCutOverActivities(dependencies: ActivityDependencies) {
  const { runtime } = dependencies;

  return {
    /**
     * The first destructive activity: finds everything still as it was planned, consumes the nonce, raises the fences, records what is there and
     * only then takes the restart policies away, so that nothing starts a database in mid cut-over (databases.md D16).
     */
    beginCutOver: (input: BeginCutOverInput): Promise<void> =>
      inEngineContext(dependencies, input.authority.service, async (context) => {
        const { service } = input.authority;
        // Whose plan it is comes first: a former self of a reset run must not even be looked at for changed facts.
        await requireOwnPlan(dependencies, input.authority);
        const recorded = await firstRepository(dependencies, service).readRollback(service, context.owner.runId);
        const found = recorded === null ? await findReady(context, input) : null;
        const plan = await consumeAuthority(dependencies, input.authority, input.decision, found);
        await raiseFences(runtime, { owner: context.owner, service, component: 'service', step: 'fence' }, await fencedStores(runtime, plan));
        if (recorded === null) await recordOwn(input);
        for (const { containerId } of input.cutOvers) {
          // An attempt that was given up on must not take a policy away that its successor has put back.
          context.signal.throwIfAborted();
          await runtime.updateRestartPolicy(containerId, noRestart);
        }
      }),

    /** Clients are out. `setAside`: transactions that wrote since the backup and stay in the rollback copy; null where they are not counted. */
    closeComponent: (input: CloseStep): Promise<{ readonly setAside: string | null }> =>
      inEngineContext(dependencies, input.authority.service, async (context) => {
        const { plan } = await requireAuthority(dependencies, input.authority, input.cutOver);
        const engine = engineOf(dependencies, input.component);
        const planned = plan.body.losses.find((loss) => loss.component === input.component.name)?.transactions ?? null;
        const readyMark = input.readyMark ?? await context.readNote(writeMarkKey(input.component.name));
        const mark = (): Promise<string | null> => (planned === null || typeof readyMark !== 'string' ? Promise.resolve(null) : writeMarkOf(dependencies, context, input.component, input.cutOver));
        // A server that is stopped as a whole says nothing afterwards: it is asked just before.
        const before = replacesWholeServer(input.cutOver) ? await mark() : null;
        await engine.close(context, input.component, input.cutOver);
        if (planned === null || typeof readyMark !== 'string') return { setAside: planned };
        const now = before ?? await mark();
        return { setAside: now === null ? planned : String(BigInt(planned) + BigInt(now) - BigInt(readyMark)) };
      }),

    /** The data exchanged, still closed. Where it is replaced where it lies, that is copied out, dropped and made anew: as long as that takes. */
    swapComponent: (input: CutOverStep): Promise<void> =>
      authorised(input, async (context) => {
        const engine = engineOf(dependencies, input.component);
        const replace = replacementIn(input.cutOver);
        if (replace === null || engine.replacements === undefined) return engine.swap(context, input.component, input.cutOver);
        return engine.replacements.carryOut(context, input.component, input.cutOver, await broughtBy(input.authority.service, input.component.name, replace));
      }),

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
      const { rollback } = await requireAuthority(dependencies, input, null);
      if (rollback === null || await chooseDirection(firstRepository(dependencies, input.service), rollback.record, 'forward') !== 'forward') {
        throw new HoldfastFailure('CutOverFailed', { operation: 'open the service', object: input.service, cause: 'the cut-over is being rolled back', hint: 'Start the runbook again.' });
      }
      await mark(input.service, 'opening');
    },

    openComponent: (input: CutOverStep): Promise<void> =>
      authorised(input, (context) => engineOf(dependencies, input.component).open(context, input.component, input.cutOver), requireAuthorityToEnd),

    /** Clients are in: what belongs to the server is given back, and told where it cannot be. */
    completeComponent: (input: CutOverStep): Promise<{ readonly notes: readonly string[] }> =>
      authorised(input, async (context) => {
        const record = await ownRollback(input.authority.service);
        return { notes: await completeRestore(dependencies, context, record, input.component, input.cutOver) };
      }, requireAuthorityToEnd),

    /** All is as open as it gets: recorded, restart policies as they were, fences down. */
    finishCutOver: async (input: Authority): Promise<void> => {
      const owner = currentOwner(dependencies);
      const rollback = await ownRollback(input.service);
      // Its own mark last: until it stands a repair goes on, and then both are there.
      const { undoneRunId } = rollback;
      if (undoneRunId !== null) await untilThereIsRoom(() => firstRepository(dependencies, input.service).markRollback(input.service, undoneRunId, 'undone', { ...owner, at: now() }));
      await mark(input.service, 'opened');
      await putBackRestartPolicies(dependencies, rollback, 'forward');
      await lowerFences(runtime, owner, rollback.cutOvers.map((cutOver) => cutOver.volume));
    },

    /**
     * Compensation before the opening: one component as it was, open. `notes`: its data is as it was, and its server does not answer; nothing where there was nothing to take back.
     * @throws HealthCheckFailed where it was decided to open, and the run could not go on with that: then nothing goes back
     */
    rollBackComponent: (input: CutOverStep): Promise<{ readonly notes: readonly string[] } | undefined> =>
      inEngineContext(dependencies, input.authority.service, async (context) => {
        const repository = firstRepository(dependencies, input.authority.service);
        const rollback = await repository.readRollback(input.authority.service, context.owner.runId);
        if (rollback === null || rollback.state === 'rolledBack') return undefined;
        if (rollback.state !== 'recorded' || await chooseDirection(repository, rollback.record, 'back') !== 'back') throw decidedToOpen(input.component.container);
        await requireAuthorityToEnd(dependencies, input.authority, input.cutOver);
        return { notes: await engineOf(dependencies, input.component).rollBack(context, input.component, input.cutOver) };
      }),

    /** Compensation's end: recorded, restart policies as they were, fences down. */
    finishRollBack: async (input: Authority): Promise<void> => {
      const owner = currentOwner(dependencies);
      const rollback = await firstRepository(dependencies, input.service).readRollback(input.service, owner.runId);
      const volumes = (await firstRepository(dependencies, input.service).readPlan(input.service, input.nonce)).body.stores.map((store) => store.volume);
      if (rollback !== null && (rollback.state === 'recorded' || rollback.state === 'rolledBack')) {
        await mark(input.service, 'rolledBack');
        await putBackRestartPolicies(dependencies, rollback.record, 'back');
      }
      if (rollback === null || rollback.state === 'recorded' || rollback.state === 'rolledBack') await lowerFences(runtime, owner, volumes);
    },
  };

  async function broughtBy(service: string, component: string, { brings }: Replacement) {
    if (brings.kind === 'copy') return null;
    const { manifest, backup } = await readBackup(dependencies, { service, ...brings, component });
    return { backup, source: sourceOf(firstRepository(dependencies, service), manifest) };
  }

  function authorised<T>(input: CutOverStep, step: (context: Parameters<Parameters<typeof inEngineContext>[2]>[0]) => Promise<T>, required: typeof requireAuthorityToEnd = requireAuthority): Promise<T> {
    return inEngineContext(dependencies, input.authority.service, async (context) => {
      await required(dependencies, input.authority, input.cutOver);
      return step(context);
    });
  }

  /** The stores as they are, after each engine has found ready what the plan is about. @throws PlanChanged */
  async function findReady(context: EngineContext, input: BeginCutOverInput): Promise<Found> {
    const { service } = input.authority;
    if (input.undoneRunId !== null && (await firstRepository(dependencies, service).readRollback(service, input.undoneRunId))?.state !== 'opened') throw otherCopy(input.undoneRunId);
    // Both only look, and each takes its time. Neither is left alone by a failure of the other: what an attempt started has ended when it does.
    const [found] = await allEnded([
      findStores(dependencies, context, service, input.components, input.cutOvers),
      ...input.cutOvers.map(async (cutOver) => {
        const component = input.components.find((each) => each.name === cutOver.component);
        if (component !== undefined) await engineOf(dependencies, component).requireReady(context, component, cutOver);
      }),
    ]);
    await refuseCutOversSince(firstRepository(dependencies, service), service, context.owner.runId, input.authority.nonce, input.cutOvers);
    return found;
  }

  /** Written before anything changes. Overlapping attempts may have looked at different moments; the first one's word stands. */
  async function recordOwn(input: BeginCutOverInput): Promise<void> {
    const { service } = input.authority;
    const repository = firstRepository(dependencies, service);
    try {
      await repository.recordRollback(await recordFor(input));
    } catch (error) {
      if (!isFailure(error, 'AmbiguousState') || (await repository.readRollback(service, currentOwner(dependencies).runId)) === null) throw error;
    }
  }

  function now(): string {
    return new Date(dependencies.nowMs()).toISOString();
  }

  async function mark(service: string, milestone: 'opening' | 'opened' | 'rolledBack'): Promise<void> {
    const { workflowId, runId } = currentOwner(dependencies);
    await untilThereIsRoom(() => firstRepository(dependencies, service).markRollback(service, runId, milestone, { workflowId, runId, at: now() }));
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
      undoneRunId: input.undoneRunId,
      recordedAt: input.decision.at,
    };
  }
}

const decidedToOpen = (container: string): HoldfastFailure => new HoldfastFailure('HealthCheckFailed', {
  operation: 'take the exchange back', object: container, cause: 'it was compared and was to be opened, and the run could not go on with that', hint: 'It stays closed, with the new data in place: reapLeftovers opens it (it runs by schedule, or start it).',
});
