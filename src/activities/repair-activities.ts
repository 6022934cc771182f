/**
 * Repairing what ended runs left: first what is half-way (data, name, restart policy, settings), then labelled scratch.
 * A repair acts only for a run whose owner it finds closed itself, and moves only to a state that was recorded.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { listFenceOwners, lowerAllFencesOf, replaceFences } from '../containers/fence.ts';
import { findCopies, isUnfinished } from '../containers/copies.ts';
import { findScratchOf, listOwners, removeScratch } from '../containers/scratch.ts';
import { inOpeningOrder } from '../domain/cut-over-steps.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { repairDirection, type ComponentCutOver, type RollbackRecord } from '../domain/rollback.ts';
import { sameOwner, type RunOwner } from '../domain/run-owner.ts';
import type { Component } from '../domain/service.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { Repository, Rollback } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext, ownRepository, repositoryNamed, serviceNamed, type InRepository } from './activity-run.ts';
import { removeUnfinishedCopies } from './copies/clone-activities.ts';
import { chooseDirection, completeRestore, putBackRestartPolicies, recordedStores } from './cut-over-state.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { notedIn, notedRuns } from './noted-runs.ts';
import { runNoteKey, type RunNote } from './service-activities.ts';
import { stillLateMs } from './still-late.ts';

export interface EndedRun {
  readonly owner: RunOwner;
  /** Which way its half-way cut-over has to go, or null. */
  readonly direction: 'back' | 'forward' | null;
}

export const claimNoteKey = 'claim';

/** Runbooks that a record which cannot be read does not stop. */
const goingOn: ReadonlySet<string> = new Set(['takeBackup', 'reapLeftovers']);

export function createRepairActivities(dependencies: ActivityDependencies) {
  return {
    /** Removes this run's own scratch, puts settings back, forgets its notes. The last thing every run does. @throws InvalidInput where the service has no such repository */
    async removeRunScratch(input: InRepository): Promise<{ readonly removed: readonly string[] }> {
      const repository = ownRepository(dependencies, input, 'end the run');
      return inEngineContext(dependencies, input.service, (context) => cleanUp(context, input.service, context.owner, repository), repository);
    },

    /**
     * Runs of this service, in our own namespace, that have ended and left something; with `onlyHalfWay`, a cut-over or a fence. One whose own record cannot be read is none: nobody knows what hangs on it.
     * @throws TemporalUnreachable, RepositoryDamaged where a record cannot be read and the run that asks is to move data by others
     */
    async findEndedRuns(input: { service: string; onlyHalfWay: boolean }): Promise<readonly EndedRun[]> {
      const { rollbacks, unreadable } = await firstRepository(dependencies, input.service).surveyRollbacks(input.service);
      // Whoever moves data has to know every record; a backup, which moves none, and a repair, which goes by a run's own, go on without one that cannot be believed.
      if (unreadable[0] !== undefined && !goingOn.has(activityInfo().workflowType ?? '')) throw unreadable[0].failure;
      const unknown = new Set(unreadable.map(({ runId }) => runId));
      const directions = new Map(rollbacks.map(({ record, state }) => [record.runId, repairDirection(state)]));
      const ended: EndedRun[] = [];
      for (const { namespaceId, workflowId, runId } of await candidates(input.service, rollbacks, input.onlyHalfWay)) {
        if (runId === currentOwner(dependencies).runId || unknown.has(runId) || await dependencies.runs.isOpen(workflowId, runId)) continue;
        ended.push({ owner: { namespaceId, workflowId, runId }, direction: directions.get(runId) ?? null });
      }
      return ended;
    },

    /**
     * Repairs one ended run: its half-way cut-over, its fences, its scratch. Acts only for a run that left something under just these ids, that it finds
     * ended itself, and under this run's own lease. @throws ServiceBusy, RepositoryDamaged where its own record cannot be read
     */
    repairRun: (input: { service: string; owner: RunOwner }): Promise<{ readonly done: readonly string[] }> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { rollbacks, unreadable } = await firstRepository(dependencies, input.service).surveyRollbacks(input.service);
        const damaged = unreadable.find(({ runId }) => runId === input.owner.runId);
        if (damaged !== undefined) throw damaged.failure;
        const known = (await candidates(input.service, rollbacks, false)).some((each) => sameOwner(each, input.owner));
        if (!known) return { done: [] };
        await requireEnded(input.owner, context.signal);
        await requireOwnLease(input.service, input.owner);
        // Whatever of it still works on the data has to be gone before the data is moved.
        const removed = await removeScratchOf(input.owner);
        const rollback = rollbacks.find(({ record }) => sameOwner(record, input.owner)) ?? null;
        const done: string[] = rollback === null ? [] : await finishHalfWay(context, input.service, input.owner, rollback);
        for (const begun of rollbacks.filter((each) => isAcceptedBy(each, input.owner))) done.push(...await finishAccept(context, input.service, input.owner, begun));
        await lowerAllFencesOf(dependencies.runtime, input.owner);
        await lowerAllFencesOf(dependencies.runtime, context.owner);
        const rest = await cleanUp(context, input.service, input.owner, await notedIn(dependencies, input.service, input.owner.runId));
        return { done: [...done, ...removed, ...rest.removed, ...await settleTrash(input.service)] };
      }),
  };

  /** What an ended prune had decided to go, or an ended undelete to come back, does. Where that does not work, nobody waits for it: the next prune does it. */
  async function settleTrash(service: string): Promise<string[]> {
    const by = { at: new Date(dependencies.nowMs()).toISOString(), run: currentOwner(dependencies) };
    const told: string[] = [];
    for (const name of serviceNamed(dependencies, service).repositories) {
      try {
        await repositoryNamed(dependencies, name).trash.settle(service, by);
      } catch (error) {
        if (!isFailure(error)) throw error;
        told.push(`${name}: what was decided of its trash could NOT be finished: ${error.message}`);
      }
    }
    return told;
  }

  /** An ended run's last attempt may not have heard of the end yet: it is waited for until it must have. @throws ServiceBusy when it is open */
  async function requireEnded(owner: RunOwner, signal: AbortSignal): Promise<void> {
    const lateMs = await stillLateMs(dependencies, owner);
    if (lateMs === null) throw new HoldfastFailure('ServiceBusy', { operation: 'repair an ended run', object: owner.workflowId, cause: 'it has not ended', hint: 'Watch or cancel it.' });
    if (lateMs > 0) await pause(lateMs, undefined, { signal });
  }

  async function requireOwnLease(service: string, owner: RunOwner): Promise<void> {
    const lease = await dependencies.runs.readLease(service);
    const own = currentOwner(dependencies);
    if (lease?.workflowId === own.workflowId && lease.runId === own.runId) return;
    throw new HoldfastFailure('ServiceBusy', { operation: 'repair an ended run', object: owner.workflowId, cause: 'the run that repairs does not hold the service', hint: 'Start reapLeftovers; it takes the service first.' });
  }

  async function finishHalfWay(context: EngineContext, service: string, ended: RunOwner, rollback: Rollback): Promise<string[]> {
    const repository = firstRepository(dependencies, service);
    const { record } = rollback;
    const done: string[] = [];
    let direction: 'back' | 'forward' = rollback.state === 'rolledBack' ? 'back' : 'forward';
    if (repairDirection(rollback.state) !== null) {
      // The ended run may have chosen its way and died before it could say so.
      direction = await chooseDirection(repository, record, rollback.state === 'opening' ? 'forward' : 'back');
      await replaceFences(dependencies.runtime, { owner: context.owner, service, component: 'service', step: 'fence' }, await recordedStores(dependencies.runtime, record.cutOvers), async (holder) => (await dependencies.runs.closedAtMs(holder.workflowId, holder.runId)) !== null);
      const by = { workflowId: context.owner.workflowId, runId: context.owner.runId, at: new Date(dependencies.nowMs()).toISOString() };
      if (direction === 'forward') await repository.markRollback(service, ended.runId, 'opening', by);
      done.push(...await moveAll(context, service, record, direction));
      if (direction === 'forward' && record.undoneRunId !== null) await repository.markRollback(service, record.undoneRunId, 'undone', by);
      await repository.markRollback(service, ended.runId, direction === 'forward' ? 'opened' : 'rolledBack', by);
    }
    await putBackRestartPolicies(dependencies, record, direction);
    return done;
  }

  /**
   * Every store as far as it goes, so that one which cannot does not keep the other closed. Going back, that is a failure at the end; going forward the
   * data is in place and there is nothing to wait for: it is told. What another attempt may still move is told first. @throws what one that could not go back ended in
   */
  async function moveAll(context: EngineContext, service: string, record: RollbackRecord, direction: 'back' | 'forward'): Promise<string[]> {
    const done: string[] = [];
    const failures: HoldfastFailure[] = [];
    const unfinished: unknown[] = [];
    const components = await componentsOf(service, record.runId);
    for (const cutOver of inOpeningOrder(record.cutOvers)) {
      const component = components.find((each) => each.name === cutOver.component);
      if (component === undefined) throw missingComponent(service, cutOver);
      const engine = engineOf(dependencies, component);
      try {
        if (direction === 'forward') {
          await engine.open(context, component, cutOver);
          done.push(...await completeRestore(dependencies, context, record, component, cutOver));
        } else done.push(...await engine.rollBack(context, component, cutOver));
        done.push(`${component.container}: ${direction === 'forward' ? 'opened with the restored data' : 'back to the data before'}`);
      } catch (error) {
        if (!isFailure(error) || error.retryable) {
          context.signal.throwIfAborted();
          unfinished.push(error);
          continue;
        }
        if (direction === 'back') failures.push(error);
        done.push(`${component.container}: could NOT be ${direction === 'forward' ? 'opened' : 'brought back'}: ${error.message}`);
      }
    }
    if (unfinished.length > 0) throw unfinished[0];
    if (failures[0] !== undefined) throw failures[0];
    return done;
  }

  /**
   * An accept let some of its copies go and ended: it was approved, and half of a rollback copy brings nothing back. A store that cannot be reached keeps
   * its copy, and nobody waiting: that is told, and the next repair tries again.
   */
  async function finishAccept(context: EngineContext, service: string, ended: RunOwner, { record }: Rollback): Promise<string[]> {
    const done: string[] = [];
    await replaceFences(dependencies.runtime, { owner: context.owner, service, component: 'service', step: 'fence' }, await recordedStores(dependencies.runtime, record.cutOvers), async (holder) => (await dependencies.runs.closedAtMs(holder.workflowId, holder.runId)) !== null);
    const components = await componentsOf(service, ended.runId);
    let isWhole = true;
    for (const cutOver of record.cutOvers) {
      const component = components.find((each) => each.name === cutOver.component);
      if (component === undefined) throw missingComponent(service, cutOver);
      try {
        await engineOf(dependencies, component).discardRollback(context, { ...component, container: cutOver.container }, cutOver);
        done.push(`${cutOver.container}: rollback copy of ${record.workflowId} let go`);
      } catch (error) {
        if (!isFailure(error) || error.retryable) throw error;
        isWhole = false;
        done.push(`${cutOver.container}: the rollback copy could NOT be let go: ${error.message}`);
      }
    }
    if (isWhole) await firstRepository(dependencies, service).markRollback(service, record.runId, 'accepted', { workflowId: context.owner.workflowId, runId: context.owner.runId, at: new Date(dependencies.nowMs()).toISOString() });
    return done;
  }

  async function removeScratchOf(owner: RunOwner): Promise<string[]> {
    const removed: string[] = [];
    for (const scratch of await findScratchOf(dependencies.runtime, owner)) {
      await removeScratch(dependencies.runtime, scratch);
      removed.push(scratch.name);
    }
    return removed;
  }

  /** @param repository where the run left its notes */
  async function cleanUp(context: EngineContext, service: string, owner: RunOwner, repository: Repository): Promise<{ removed: readonly string[] }> {
    const rollback = await repository.readRollback(service, owner.runId);
    const removed = [...await removeScratchOf(owner), ...await removeUnfinishedCopies(dependencies, owner, service)];
    const notes = await repository.readNotes(service, owner.runId);
    // An accepted restore is live: only what was rolled back keeps nothing.
    const { rollbacks } = await repository.surveyRollbacks(service);
    const kept = rollbacks.filter(({ state }) => state !== 'rolledBack').flatMap(({ record }) => record.cutOvers);
    for (const component of await componentsOf(service, owner.runId, repository)) {
      removed.push(...await engineOf(dependencies, component).repairLeftovers(context, component, { owner, notes, kept }));
    }
    const claim = notes[claimNoteKey];
    if (typeof claim === 'string' && !(await repository.listBackups(service)).includes(claim)) {
      await repository.removeUncommitted(service, claim);
      removed.push(`unfinished backup ${claim}`);
    }
    await repository.removeTemporaries([owner.runId], dependencies.timing.longActivityMs);
    // A run that is still half-way keeps its notes: the repair needs to know what it was working on.
    if (rollback === null || repairDirection(rollback.state) === null) await repository.removeNotes(service, owner.runId);
    return { removed };
  }

  /** Whoever may have left something: with `onlyHalfWay` those of an unfinished cut-over and those whose fence stands, else all that left labels or notes too. */
  async function candidates(service: string, rollbacks: readonly Rollback[], onlyHalfWay: boolean): Promise<readonly RunOwner[]> {
    const { namespaceId } = dependencies.runs;
    const own = rollbacks.filter(({ record }) => record.namespaceId === namespaceId);
    const halfWay = [
      ...own.filter(({ state }) => repairDirection(state) !== null).map(({ record }) => record),
      ...own.flatMap(({ state, acceptedBy }) => (state === 'accepting' && acceptedBy !== null ? [{ namespaceId, ...acceptedBy }] : [])),
    ];
    const found = [...onlyHalfWay ? [] : await knownOwners(service), ...await listFenceOwners(dependencies.runtime, namespaceId, service), ...halfWay];
    return [...new Map(found.map((owner) => [owner.runId, owner])).values()];
  }

  /** Whoever left labels in our namespace or notes in the repository. */
  async function knownOwners(service: string): Promise<readonly RunOwner[]> {
    const { namespaceId } = dependencies.runs;
    const labelled = await listOwners(dependencies.runtime, namespaceId, service);
    const noted: RunOwner[] = [];
    for (const { repository, runId } of await notedRuns(dependencies, service)) {
      const note = (await repository.readNotes(service, runId))[runNoteKey] as RunNote | undefined;
      if (note !== undefined && note.owner.namespaceId === namespaceId) noted.push(note.owner);
    }
    const copying = (await findCopies(dependencies.runtime, { service })).filter((copy) => copy.maker.namespaceId === namespaceId && isUnfinished(copy)).map(({ maker }) => maker);
    return [...labelled, ...noted, ...copying];
  }

  async function componentsOf(service: string, runId: string, repository = firstRepository(dependencies, service)): Promise<readonly Component[]> {
    const note = (await repository.readNotes(service, runId))[runNoteKey] as RunNote | undefined;
    return note?.components ?? serviceNamed(dependencies, service).components;
  }
}

const isAcceptedBy = ({ state, acceptedBy }: Rollback, { runId, workflowId }: RunOwner): boolean => state === 'accepting' && acceptedBy?.runId === runId && acceptedBy.workflowId === workflowId;

const missingComponent = (service: string, cutOver: ComponentCutOver): HoldfastFailure =>
  new HoldfastFailure('AmbiguousState', { operation: 'repair an ended run', object: `${service}/${cutOver.component}`, cause: 'the component is not configured any more', hint: 'Configure it again as it was, then run reapLeftovers.' });
