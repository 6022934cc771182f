/**
 * Repairing what ended runs left: first what is half-way (data, name, restart policy, settings), then labelled scratch.
 * A repair acts only for a run whose owner it finds closed itself, and moves only to a state that was recorded.
 */
import { lowerFences, replaceFences } from '../containers/fence.ts';
import { findScratchOf, listOwners, removeScratch } from '../containers/scratch.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { repairDirection, type ComponentCutOver } from '../domain/rollback.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { Component } from '../domain/service.ts';
import type { EngineContext } from '../engines/engine.ts';
import type { Rollback } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext, serviceNamed } from './activity-run.ts';
import { putBackRestartPolicies } from './cut-over-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runNoteKey, type RunNote } from './service-activities.ts';

export interface EndedRun {
  readonly owner: RunOwner;
  /** Which way its half-way cut-over has to go, or null. */
  readonly direction: 'back' | 'forward' | null;
}

export const claimNoteKey = 'claim';

export function createRepairActivities(dependencies: ActivityDependencies) {
  return {
    /** Removes this run's own scratch, puts settings back, forgets its notes. The last thing every run does. */
    removeRunScratch: (input: { service: string }): Promise<{ readonly removed: readonly string[] }> =>
      inEngineContext(dependencies, input.service, (context) => cleanUp(context, input.service, context.owner)),

    /** Runs of this service, in our own namespace, that have ended and left something. @throws TemporalUnreachable */
    async findEndedRuns(input: { service: string; onlyHalfWay: boolean }): Promise<readonly EndedRun[]> {
      const candidates = new Map<string, RunOwner>();
      for (const owner of input.onlyHalfWay ? [] : await knownOwners(input.service)) candidates.set(owner.runId, owner);
      const rollbacks = await firstRepository(dependencies, input.service).listRollbacks(input.service);
      for (const { record, state } of rollbacks) {
        if (repairDirection(state) !== null && record.namespaceId === dependencies.runs.namespaceId) candidates.set(record.runId, record);
      }
      candidates.delete(currentOwner(dependencies).runId);
      const ended: EndedRun[] = [];
      for (const { namespaceId, workflowId, runId } of candidates.values()) {
        if (await dependencies.runs.isOpen(workflowId, runId)) continue;
        const rollback = rollbacks.find(({ record }) => record.runId === runId);
        ended.push({ owner: { namespaceId, workflowId, runId }, direction: rollback === undefined ? null : repairDirection(rollback.state) });
      }
      return ended;
    },

    /** Repairs one ended run. The caller holds the service's lease. @throws ServiceBusy when its owner turns out to be open */
    repairRun: (input: { service: string; owner: RunOwner }): Promise<{ readonly done: readonly string[] }> =>
      inEngineContext(dependencies, input.service, async (context) => {
        if (await dependencies.runs.isOpen(input.owner.workflowId, input.owner.runId)) {
          throw new HoldfastFailure('ServiceBusy', { operation: 'repair an ended run', object: input.owner.workflowId, cause: 'it has not ended', hint: 'Watch or cancel it.' });
        }
        const done: string[] = [];
        const rollback = await firstRepository(dependencies, input.service).readRollback(input.service, input.owner.runId);
        if (rollback !== null) done.push(...await finishHalfWay(context, input.service, input.owner, rollback));
        const { removed } = await cleanUp(context, input.service, input.owner);
        return { done: [...done, ...removed] };
      }),
  };

  async function finishHalfWay(context: EngineContext, service: string, ended: RunOwner, rollback: Rollback): Promise<string[]> {
    const { record, state } = rollback;
    const direction = repairDirection(state);
    const repository = firstRepository(dependencies, service);
    const volumes = record.cutOvers.map((cutOver) => cutOver.volume);
    const done: string[] = [];
    if (direction !== null) {
      await replaceFences(dependencies.runtime, volumes, ended, { owner: context.owner, service, component: 'service', step: 'fence' }, await imagesOf(record.cutOvers));
      const by = { workflowId: context.owner.workflowId, runId: context.owner.runId, at: new Date(dependencies.nowMs()).toISOString() };
      const components = await componentsOf(service, ended.runId);
      for (const cutOver of direction === 'forward' ? [...record.cutOvers].reverse() : record.cutOvers) {
        const component = components.find((each) => each.name === cutOver.component);
        if (component === undefined) throw missingComponent(service, cutOver);
        const engine = engineOf(dependencies, component);
        if (direction === 'forward') await engine.open(context, component, cutOver);
        else await engine.rollBack(context, component, cutOver);
        done.push(`${component.container}: ${direction === 'forward' ? 'opened with the restored data' : 'back to the data before'}`);
      }
      await repository.markRollback(service, ended.runId, direction === 'forward' ? 'opened' : 'rolledBack', by);
    }
    await putBackRestartPolicies(dependencies, record);
    await lowerFences(dependencies.runtime, context.owner, volumes);
    await lowerFences(dependencies.runtime, ended, volumes);
    return done;
  }

  async function cleanUp(context: EngineContext, service: string, owner: RunOwner): Promise<{ removed: readonly string[] }> {
    const repository = firstRepository(dependencies, service);
    const removed: string[] = [];
    for (const scratch of await findScratchOf(dependencies.runtime, owner)) {
      await removeScratch(dependencies.runtime, scratch);
      removed.push(scratch.name);
    }
    const notes = await repository.readNotes(service, owner.runId);
    const kept = (await repository.listRollbacks(service)).filter(({ state }) => state !== 'rolledBack' && state !== 'accepted').flatMap(({ record }) => record.cutOvers);
    for (const component of await componentsOf(service, owner.runId)) {
      removed.push(...await engineOf(dependencies, component).repairLeftovers(context, component, { owner, notes, kept }));
    }
    const claim = notes[claimNoteKey];
    if (typeof claim === 'string' && !(await repository.listBackups(service)).includes(claim)) {
      await repository.removeUncommitted(service, claim);
      removed.push(`unfinished backup ${claim}`);
    }
    // A run that is still half-way keeps its notes: the repair needs to know what it was working on.
    const rollback = await repository.readRollback(service, owner.runId);
    if (rollback === null || repairDirection(rollback.state) === null) await repository.removeNotes(service, owner.runId);
    return { removed };
  }

  /** Whoever left labels in our namespace or notes in the repository. */
  async function knownOwners(service: string): Promise<readonly RunOwner[]> {
    const { namespaceId } = dependencies.runs;
    const repository = firstRepository(dependencies, service);
    const labelled = await listOwners(dependencies.runtime, namespaceId, service);
    const noted: RunOwner[] = [];
    for (const runId of await repository.listNotedRuns(service)) {
      const note = (await repository.readNotes(service, runId))[runNoteKey] as RunNote | undefined;
      if (note !== undefined && note.owner.namespaceId === namespaceId) noted.push(note.owner);
    }
    return [...labelled, ...noted];
  }

  async function componentsOf(service: string, runId: string): Promise<readonly Component[]> {
    const note = (await firstRepository(dependencies, service).readNotes(service, runId))[runNoteKey] as RunNote | undefined;
    return note?.components ?? serviceNamed(dependencies, service).components;
  }

  async function imagesOf(cutOvers: readonly ComponentCutOver[]): Promise<readonly { volume: string; imageId: string }[]> {
    return Promise.all(cutOvers.map(async (cutOver) => ({ volume: cutOver.volume, imageId: (await dependencies.runtime.inspect(cutOver.containerId)).imageId })));
  }
}

const missingComponent = (service: string, cutOver: ComponentCutOver): HoldfastFailure =>
  new HoldfastFailure('AmbiguousState', { operation: 'repair an ended run', object: `${service}/${cutOver.component}`, cause: 'the component is not configured any more', hint: 'Configure it again as it was, then run reapLeftovers.' });
