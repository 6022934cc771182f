/** The end of a copy: shown first, and carried out by the one runbook that was told its digest. */
import { createHash } from 'node:crypto';
import { findCopies, isUnfinished, removeCopy, type ServiceCopy } from '../../containers/copies.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { CopyRemoval } from '../../domain/copies/copy-removal.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { sameOwner, type RunOwner } from '../../domain/run-owner.ts';
import { requireRunbook } from '../authority.ts';
import type { ActivityDependencies } from '../dependencies.ts';

export function createRemoveCopyActivities(dependencies: ActivityDependencies) {
  const { runtime, runs } = dependencies;

  async function planOf({ service, copy: name }: { readonly service: string; readonly copy: string }): Promise<{ readonly copies: readonly ServiceCopy[]; readonly plan: CopyRemoval | null }> {
    const copies = await findCopies(runtime, { service, copy: name });
    if (copies.length === 0) return { copies, plan: null };
    const what = copies.map(({ maker, containers, volumes, networks }) => ({ maker, containers: containers.map(({ id }) => id), volumes, networks: networks.map(({ id }) => id).sort() }));
    const refusals = await Promise.all(copies.map(refusalOf));
    return {
      copies,
      plan: {
        name, makers: copies.map(({ maker }) => maker), point: copies.find(({ point }) => point !== '')?.point ?? '', containers: copies.flatMap(({ containers }) => containers.map((container) => ({ name: container.name, state: container.state }))),
        volumes: copies.flatMap(({ volumes }) => volumes), networks: copies.flatMap(({ networks }) => networks.map((network) => network.name)),
        digest: createHash('sha256').update(`holdfast-remove-copy-v1\n${canonicalJson({ service, name, what })}`).digest('hex'), refusal: refusals.find((refusal) => refusal !== null) ?? null,
      },
    };
  }

  async function refusalOf(copy: ServiceCopy): Promise<CopyRemoval['refusal']> {
    const { maker: { namespaceId, workflowId, runId } } = copy;
    if (namespaceId === runs.namespaceId) {
      return await runs.isOpen(workflowId, runId) ? { cause: `${workflowId} is still making it`, hint: `End that run: holdfast cancel ${workflowId}; it takes away what it made.` } : null;
    }
    // Whether another Temporal's run is over cannot be told; a copy that was finished is nobody's any more.
    return isUnfinished(copy) ? { cause: `a run of another Temporal namespace (${namespaceId}) is making it, or left it unfinished`, hint: `Remove it with that one, or by hand: docker rm --force --volumes ${copy.containers.map(({ name }) => name).join(' ')}` } : null;
  }

  return {
    /** Null where there is no copy of that name. Reads only. @throws TemporalUnreachable */
    planRemoveCopy: async (input: { service: string; copy: string }): Promise<CopyRemoval | null> => (await planOf(input)).plan,

    /** Of what bears the name, what these runs made: its data is lost. Idempotent. @throws ApprovalNotForThisRun, ServiceBusy, LeftoversRemain */
    async removeCopy(input: { service: string; copy: string; makers: readonly RunOwner[] }): Promise<{ readonly removed: readonly string[] }> {
      requireRunbook('removeClone');
      const { copies, plan } = await planOf(input);
      if (plan === null) return { removed: [] };
      if (plan.refusal !== null) throw new HoldfastFailure('ServiceBusy', { operation: 'remove the copy', object: input.copy, ...plan.refusal });
      const removed: string[] = [];
      for (const copy of copies) if (input.makers.some((maker) => sameOwner(maker, copy.maker))) removed.push(...await removeCopy(runtime, copy));
      return { removed };
    },
  };
}
