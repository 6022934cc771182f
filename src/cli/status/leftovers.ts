/** What ended runs of a service have left: labelled things on the Docker engine, and cut-overs that are half-way. */
import { identityOf, labelNames } from '../../containers/labels.ts';
import { repairDirection } from '../../domain/rollback.ts';
import type { RunOwner } from '../../domain/run-owner.ts';
import type { LeftBehind } from '../../domain/status/judge-leftovers.ts';
import type { Repository, RollbackSurvey } from '../../repository/repository.ts';
import { composeRuntime } from '../../worker/dependencies.ts';
import type { CommandContext } from '../command-context.ts';
import { isUnborn } from '../schedule/chosen-schedules.ts';
import type { EndOf, TemporalFacts } from './temporal-facts.ts';

/** These go with their run; rollback copies, receivers and copies of a service do not. */
const passing: readonly string[] = ['helper', 'scratch', 'fence'];

interface Asked { readonly namespaceId: string; readonly endOf: EndOf }

/**
 * Of whom to ask whether a run has ended; null where nobody can tell. While the embedded server is idle no run of it is open, and the newest backup knows its
 * namespace. One that was never there knows of no run: what is there is another server's, which somebody forgot to name.
 */
export async function whoKnows(context: CommandContext, temporal: TemporalFacts, repository: Repository | undefined, service: string, newest: string | null): Promise<Asked | null> {
  if (temporal.kind === 'answers') return temporal;
  if (temporal.kind !== 'idle') return null;
  const nobodys: Asked = { namespaceId: '', endOf: () => Promise.resolve(0) };
  if (await isUnborn(context)) return nobodys;
  const claimant = newest === null ? null : await repository?.readClaimant(service, newest).catch(() => null) ?? null;
  return { ...nobodys, namespaceId: claimant?.namespaceId ?? '' };
}

/** @throws DockerUnreachable, TemporalUnreachable */
export async function leftBehind(context: CommandContext, service: string, { rollbacks }: Pick<RollbackSurvey, 'rollbacks'>, { namespaceId, endOf }: Asked): Promise<readonly LeftBehind[]> {
  if (namespaceId === '') return [];
  const left = new Map<string, { owner: RunOwner; things: number; isHalfWay: boolean }>();
  const of = (owner: RunOwner) => {
    const known = left.get(owner.runId) ?? { owner, things: 0, isHalfWay: false };
    left.set(owner.runId, known);
    return known;
  };
  const runtime = composeRuntime(context.environment);
  const labels = { [labelNames.namespaceId]: namespaceId, [labelNames.service]: service };
  for (const { labels: found } of [...await runtime.list(labels), ...await runtime.listVolumes(labels), ...await runtime.listNetworks(labels)]) {
    const identity = identityOf(found);
    if (identity !== null && passing.includes(identity.kind)) of(identity.owner).things += 1;
  }
  for (const { record, state } of rollbacks) if (record.namespaceId === namespaceId && repairDirection(state) !== null) of({ namespaceId: record.namespaceId, workflowId: record.workflowId, runId: record.runId }).isHalfWay = true;
  const ended: LeftBehind[] = [];
  for (const { owner, things, isHalfWay } of left.values()) {
    const endedMs = await endOf(owner.workflowId, owner.runId);
    if (endedMs !== null) ended.push({ workflowId: owner.workflowId, endedMs, things, isHalfWay });
  }
  return ended;
}
