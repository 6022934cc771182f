/**
 * The right to destroy. Every destructive activity asks here first, whoever scheduled it: a workflow is no trust boundary, and input can
 * be stolen. What counts is the run Temporal says this activity belongs to, the plan as it was stored, and the nonce that was consumed.
 */
import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { policyApprover, type ApprovalRecord } from '../domain/approval.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { HoldfastFailure, type FailureType } from '../domain/failures.ts';
import { planBytes, policyWord, type PinnedStore, type PlanBody, type RestorePlan } from '../domain/restore-plan.ts';
import { replacesWholeServer, type ComponentCutOver } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import { checkFences } from '../containers/fence.ts';
import type { Rollback } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, serviceNamed } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** What a workflow hands to every destructive activity: a reference, worth nothing in another run. */
export interface Authority {
  readonly service: string;
  readonly nonce: string;
  readonly digest: string;
}

/** Who decided, and when. */
export interface Decided {
  readonly by: string;
  readonly reason?: string;
  readonly at: string;
}

/** The stores as they are now. `empty`: they are other containers than the service's own, and hold nothing: nothing is replaced there. */
export interface Found {
  readonly stores: readonly PinnedStore[];
  readonly empty: boolean;
}

export const digestOf = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

/** Is the plan's envelope of the run that asks? A reset run meets the envelope of its former self and gets `stale`. */
export async function isCurrent(dependencies: ActivityDependencies, authority: Authority): Promise<boolean> {
  const plan = await storedPlan(dependencies, authority);
  const owner = currentOwner(dependencies);
  return plan.envelope.workflowId === owner.workflowId && plan.envelope.runId === owner.runId;
}

/**
 * Before the first destructive step: the plan is this run's, not expired, and what it pinned is still so; then the nonce is consumed.
 * A retry of the same run passes. `found` is null only for a retry that already consumed it and recorded its steps. @throws ApprovalNotForThisRun, ApprovalExpired, ApprovalInvalid, PlanChanged, ContainerRecreated
 */
export async function consumeAuthority(dependencies: ActivityDependencies, authority: Authority, decision: Decided, found: Found | null): Promise<RestorePlan> {
  const plan = await requireOwnPlan(dependencies, authority);
  const repository = firstRepository(dependencies, authority.service);
  const consumed = await repository.readApproval(authority.service, authority.nonce);
  if (consumed === null && dependencies.nowMs() >= Date.parse(plan.envelope.expiresAt)) throw refusal('ApprovalExpired', authority, `the plan expired at ${plan.envelope.expiresAt}`);
  if (found !== null) {
    refuseChangedFacts(plan, found.stores);
    requireAllowed(dependencies, authority, plan, decision.by, found.empty);
  }
  const { workflowId, runId } = currentOwner(dependencies);
  const record: ApprovalRecord = { format: 1, digest: authority.digest, workflowId, runId, by: decision.by, reason: decision.reason ?? null, approvedAt: decision.at };
  if (!(await repository.consumeNonce(authority.service, authority.nonce, record))) throw refusal('ApprovalNotForThisRun', authority, 'its nonce was consumed by another run');
  return plan;
}

/**
 * Before every later destructive step: nonce consumed by this very run for this very plan, fences standing, the cut-over the one that was recorded.
 * @throws ApprovalNotForThisRun, ApprovalInvalid, FenceMissing, ForeignFence, PlanChanged
 */
export async function requireAuthority(dependencies: ActivityDependencies, authority: Authority, cutOver: ComponentCutOver | null): Promise<{ plan: RestorePlan; rollback: Rollback | null }> {
  const plan = await requireOwnPlan(dependencies, authority);
  const owner = currentOwner(dependencies);
  const repository = firstRepository(dependencies, authority.service);
  const approval = await repository.readApproval(authority.service, authority.nonce);
  if (approval === null || approval.digest !== authority.digest || approval.runId !== owner.runId || approval.workflowId !== owner.workflowId) {
    throw refusal('ApprovalNotForThisRun', authority, 'no approval of this plan was consumed by this run');
  }
  await checkFences(dependencies.runtime, owner, plan.body.stores.map((store) => store.volume));
  const rollback = await repository.readRollback(authority.service, owner.runId);
  if (cutOver !== null) requireRecorded(authority, cutOver, rollback);
  return { plan, rollback };
}

/** The live stores as they are now, for comparing with what the plan pinned. One whose data is exchanged as a whole need not answer. */
export async function findStores(dependencies: ActivityDependencies, context: EngineContext, service: string, components: readonly Component[], cutOvers: readonly ComponentCutOver[]): Promise<Found> {
  const whole = new Set(cutOvers.filter(replacesWholeServer).map(({ component }) => component));
  const facts = await Promise.all(components.map((component) => engineOf(dependencies, component).inspect(context, component, whole.has(component.name) ? 'replace' : 'restore')));
  const own = new Set(serviceNamed(dependencies, service).components.map((component) => component.container));
  return { stores: facts.map((each) => each.pinned), empty: facts.every((each) => each.empty) && components.every((component) => !own.has(component.container)) };
}

function requireRecorded(authority: Authority, cutOver: ComponentCutOver, rollback: Rollback | null): void {
  const recorded = rollback?.record.cutOvers.some((each) => canonicalJson(each) === canonicalJson(cutOver)) ?? false;
  if (!recorded) throw refusal('PlanChanged', authority, `the step for ${cutOver.component} is not the one this run recorded before it began`);
}

/** The runbook that carries out a plan: another workflow may store a plan of its own, and approve it itself, for all we know. */
function runbookOf({ operation, moment }: PlanBody): string {
  if (operation === 'restore') return moment === undefined ? 'restoreBackup' : 'restoreToPointInTime';
  return { undo: 'undoRestore', accept: 'acceptRestore', restoreTables: 'restoreTables' }[operation];
}

/** For what is approved by being started, in the very words of its input (docs/decisions/0010): no other workflow may do it. @throws ApprovalNotForThisRun */
export function requireRunbook(runbook: string, ...others: readonly string[]): void {
  const { workflowType, activityType } = activityInfo();
  if ([runbook, ...others].some((each) => each === workflowType)) return;
  throw new HoldfastFailure('ApprovalNotForThisRun', { operation: 'change a server', object: activityType, cause: `${workflowType} is not the runbook that does it`, hint: `Start ${runbook} and look at its plan.` });
}

/** The stored plan, when it is this run's. @throws ApprovalNotForThisRun, ApprovalInvalid */
export async function requireOwnPlan(dependencies: ActivityDependencies, authority: Authority): Promise<RestorePlan> {
  const plan = await storedPlan(dependencies, authority);
  const owner = currentOwner(dependencies);
  if (plan.envelope.workflowId !== owner.workflowId || plan.envelope.runId !== owner.runId) throw refusal('ApprovalNotForThisRun', authority, 'the plan belongs to another run');
  const { workflowType } = activityInfo();
  if (workflowType !== runbookOf(plan.body)) throw refusal('ApprovalNotForThisRun', authority, `${workflowType} is not the runbook that carries it out`);
  return plan;
}

/**
 * May this decision open this plan? The workflow has asked the same; here it is asked where the effect is. `empty` says that nothing is replaced.
 * @throws ApprovalInvalid
 */
function requireAllowed(dependencies: ActivityDependencies, authority: Authority, plan: RestorePlan, by: string, empty: boolean): void {
  const { approval } = serviceNamed(dependencies, authority.service);
  const { operation } = plan.body;
  if (by !== policyApprover) {
    if (approval.approvers.length > 0 && !approval.approvers.includes(by)) throw refusal('ApprovalInvalid', authority, `${by} is not among the approvers`);
    return;
  }
  if (approval.required.includes(policyWord(operation)) && !empty) throw refusal('ApprovalInvalid', authority, `policy asks for a human's yes to this ${operation}, and none was given`);
}

async function storedPlan(dependencies: ActivityDependencies, authority: Authority): Promise<RestorePlan> {
  const plan = await firstRepository(dependencies, authority.service).readPlan(authority.service, authority.nonce);
  const digest = digestOf(planBytes(plan.body));
  if (plan.envelope.digest !== digest || authority.digest !== digest || plan.body.service !== authority.service) throw refusal('ApprovalInvalid', authority, 'the stored plan has another digest');
  return plan;
}

function refuseChangedFacts(plan: RestorePlan, now: readonly PinnedStore[]): void {
  for (const pinned of plan.body.stores) {
    const found = now.find((store) => store.component === pinned.component);
    if (found !== undefined && canonicalJson(found) === canonicalJson(pinned)) continue;
    const recreated = found !== undefined && found.containerId !== pinned.containerId;
    throw new HoldfastFailure(recreated ? 'ContainerRecreated' : 'PlanChanged', {
      operation: 'check what the plan names', object: pinned.container,
      cause: found === undefined ? 'the store is not there any more' : `the plan was made for ${describe(pinned)}, now it is ${describe(found)}`,
      hint: 'Nothing was changed. Start the restore again and look at the new plan.',
    });
  }
}

const describe = (store: PinnedStore): string => `container ${store.containerId.slice(0, 12)}, volume ${store.volume}, identity ${store.identity ?? 'none'}`;

const refusal = (type: FailureType, authority: Authority, cause: string): HoldfastFailure =>
  new HoldfastFailure(type, { operation: 'use the approval', object: `${authority.service}, plan ${authority.digest.slice(0, 8)}`, cause, hint: 'Start the runbook again; an approval is good for one run and one plan.' });
