/** What a cut-over, its compensation and its repair have in common: which way it goes, what is fenced, and the policies that are put back. */
import { lowerFences, raiseFences, type FencedStore } from '../containers/fence.ts';
import type { ContainerRuntime } from '../containers/container-runtime.ts';
import { withImageAtHand } from '../containers/image-at-hand.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { RestorePlan } from '../domain/restore-plan.ts';
import { didNotAnswer, leavesOpen, repairDirection, replacesWholeServer, type ComponentCutOver, type RestartPolicy, type RollbackRecord } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import { shortRunId } from '../domain/workflow-ids.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { Repository } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository } from './activity-run.ts';
import { sourceOf } from './artifacts.ts';
import { type Authority, requireAuthority } from './authority.ts';
import type { ActivityDependencies } from './dependencies.ts';

const directionKey = 'direction';

/** The note of the transaction counter when a component was ready and compared: what was written later is counted from here. */
export const writeMarkKey = (component: string): string => `write-mark-${component}`;

/** The transaction counter now; null where it cannot be told of a server that is replaced as a whole, which need not answer. */
export async function writeMarkOf(dependencies: ActivityDependencies, context: EngineContext, component: Component, cutOver: ComponentCutOver): Promise<string | null> {
  try {
    return await engineOf(dependencies, component).writeMark(context, component);
  } catch (error) {
    if (isFailure(error) && replacesWholeServer(cutOver)) return null;
    throw error;
  }
}

/**
 * Which way an unfinished cut-over goes, decided once: whoever asks second is told what the first one chose. An attempt that was given up on
 * and a repair can then never move in opposite directions.
 */
export async function chooseDirection(repository: Repository, record: RollbackRecord, wish: 'forward' | 'back'): Promise<'forward' | 'back'> {
  return await untilThereIsRoom(() => repository.recordOnce(record.service, record.runId, directionKey, wish)) === 'forward' ? 'forward' : 'back';
}

/** A word that a cut-over which has begun has to write down, whichever way it goes: a repository that is full for a moment is tried again, as one that does not answer is. With a failure for good the stores would stay closed. */
export async function untilThereIsRoom<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isFailure(error, 'DiskFull')) throw error;
    const { operation, object, cause } = error.fields;
    throw new HoldfastFailure('RepositoryUnreachable', { operation, object, cause, hint: 'Make room in the repository: the service is closed, and this step is tried again until it can be written.' }, { cause: error });
  }
}

/** @returns the failure of whoever finds another rollback copy than the plan names */
export const otherCopy = (object: string): HoldfastFailure =>
  new HoldfastFailure('PlanChanged', { operation: 'use the rollback copy', object, cause: 'the copy is not the one the plan names, or is not there any more', hint: 'holdfast status shows the copies there are.' });

const knownKey = (nonce: string): string => `known-cut-overs-${nonce}`;
const carriedOut = async (repository: Repository, service: string): Promise<readonly RollbackRecord[]> =>
  (await repository.listRollbacks(service)).filter(({ milestones }) => milestones.includes('opening')).map(({ record }) => record);

/** With the plan: which cut-overs had been carried out when it was made. By name, for clocks of hosts and servers differ. */
export async function noteKnownCutOvers(repository: Repository, service: string, runId: string, nonce: string): Promise<void> {
  await repository.recordOnce(service, runId, knownKey(nonce), (await carriedOut(repository, service)).map((record) => record.runId));
}

/**
 * No other run has exchanged what this one would since its plan was made: where both databases belong to the same server, the server alone does not tell. Single
 * tables are left alone by others, and look for themselves. @throws PlanChanged
 */
export async function refuseCutOversSince(repository: Repository, service: string, runId: string, nonce: string, cutOvers: readonly ComponentCutOver[]): Promise<void> {
  const known = (await repository.readNotes(service, runId))[knownKey(nonce)] as readonly string[] | undefined;
  const volumes = new Set(exchanging(cutOvers));
  const between = (await carriedOut(repository, service)).find((record) => record.runId !== runId && known?.includes(record.runId) === false && exchanging(record.cutOvers).some((volume) => volumes.has(volume)));
  if (between === undefined) return;
  throw new HoldfastFailure('PlanChanged', {
    operation: 'check what was made ready', object: service, cause: `${shortRunId(between.workflowId)} (${between.operation}) has replaced data since the plan was made: what the plan says would be lost is not what would be`,
    hint: 'Nothing was changed. Start again and look at the new plan.',
  });
}

const exchanging = (cutOvers: readonly ComponentCutOver[]): readonly string[] => cutOvers.filter((cutOver) => !leavesOpen(cutOver)).map(({ volume }) => volume);

/** While a cut-over is on nothing starts a database by itself (databases.md D16). */
export const noRestart: RestartPolicy = { name: 'no', maximumRetryCount: 0 };

/**
 * Every container of the record whose restart policy was taken away gets it back; one that is gone has none to get, and another one that stands there by now is somebody's who wants it so. Going back, what
 * did not answer before is started once more: since the roll-back started it, it may have crashed while nothing tried it again.
 */
export async function putBackRestartPolicies({ runtime }: ActivityDependencies, record: RollbackRecord, way: 'back' | 'forward'): Promise<void> {
  const silent = new Set(way === 'forward' ? [] : record.cutOvers.filter(didNotAnswer).map(({ containerId }) => containerId));
  for (const { containerId, policy } of record.restartPolicies) {
    const found = await runtime.find(containerId);
    // Where it was put back before, whoever has stopped it since did so on purpose.
    if (found === null || found.restartPolicy.name !== noRestart.name || policy.name === noRestart.name) continue;
    await runtime.updateRestartPolicy(containerId, policy);
    if (silent.has(containerId)) await runtime.start(containerId);
  }
}

/**
 * As {@link requireAuthority}, for a step that brings what is half-way to its end, back or open: a fence that somebody took away meanwhile (`docker container prune` takes every container that does not run) is raised once
 * more, or the stores would stay closed. Only where no other stands, and the cut-over is still half-way. @throws what requireAuthority throws
 */
export async function requireAuthorityToEnd(dependencies: ActivityDependencies, authority: Authority, cutOver: ComponentCutOver): ReturnType<typeof requireAuthority> {
  try {
    return await requireAuthority(dependencies, authority, cutOver);
  } catch (error) {
    if (!isFailure(error, 'FenceMissing')) throw error;
    const { runtime } = dependencies;
    const [owner, { service }] = [currentOwner(dependencies), authority];
    const halfWay = async (): Promise<RollbackRecord | null> => {
      const rollback = await firstRepository(dependencies, service).readRollback(service, owner.runId);
      return rollback === null || repairDirection(rollback.state) === null ? null : rollback.record;
    };
    const record = await halfWay();
    if (record === null) throw error;
    await raiseFences(runtime, { owner, service, component: 'service', step: 'fence' }, await recordedStores(runtime, record.cutOvers));
    // Whoever ends it, this run or a repair, says so before the fences go down: where it has ended by now, they were gone for that.
    if (await halfWay() !== null) return await requireAuthority(dependencies, authority, cutOver);
    await lowerFences(runtime, owner, record.cutOvers.map(({ volume }) => volume));
    throw error;
  }
}

/** The stores of a plan, each with an image for its fence. @throws ContainerNotFound */
export function fencedStores(runtime: ContainerRuntime, plan: RestorePlan): Promise<readonly FencedStore[]> {
  return Promise.all(plan.body.stores.map(async (store) => ({ volume: store.volume, imageId: (await runtime.inspect(store.containerId)).imageId })));
}

/** The stores of a record, whose containers may be gone: a whole server's files, and Redis's, are put right without one. @throws ContainerNotFound of one that is needed for its server, ImageMissing */
export function recordedStores(runtime: ContainerRuntime, cutOvers: readonly ComponentCutOver[]): Promise<readonly FencedStore[]> {
  return Promise.all(cutOvers.map(async (cutOver) => {
    if (cutOver.engine === 'redis' || cutOver.method === 'directory') {
      const { volume, imageId } = await withImageAtHand(runtime, cutOver);
      return { volume, imageId };
    }
    const { imageId } = await runtime.find(cutOver.containerId) ?? await runtime.inspect(cutOver.container);
    return { volume: cutOver.volume, imageId };
  }));
}

/**
 * After the opening of a restore: what belongs to the server rather than to the data (the logins of roles that the restore made). Nothing for an undo,
 * whose data was here before. Idempotent. @returns a sentence per thing that could not be given back
 */
export async function completeRestore(dependencies: ActivityDependencies, context: EngineContext, record: RollbackRecord, component: Component, cutOver: ComponentCutOver): Promise<readonly string[]> {
  if (record.backupId === null) return [];
  const repository = firstRepository(dependencies, record.service);
  const { manifest } = await repository.readManifest(record.service, record.backupId);
  const backup = manifest.components.find((each) => each.component === component.name);
  if (backup === undefined) return [];
  // The roles bear the mark of the run that made them, whoever completes its work.
  const { namespaceId, workflowId, runId } = record;
  return engineOf(dependencies, component).completeRestore({ ...context, owner: { namespaceId, workflowId, runId } }, component, cutOver, backup, sourceOf(repository, manifest), record.createdRoles);
}
