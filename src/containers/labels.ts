/** Labels that everything Holdfast creates carries, so that it can be found, attributed and reaped; and the names computed from them. */
import { createHash } from 'node:crypto';
import type { RunOwner } from '../domain/run-owner.ts';

/** `scratch` may be removed when its run has ended; `rollback` only by accepting it away; `fence` only by its run or a repair. */
export type ScratchKind = 'helper' | 'scratch' | 'fence' | 'rollback';

export const labelNames = {
  kind: 'dev.holdfast.kind',
  namespaceId: 'dev.holdfast.namespace-id',
  workflowId: 'dev.holdfast.workflow-id',
  runId: 'dev.holdfast.run-id',
  service: 'dev.holdfast.service',
  component: 'dev.holdfast.component',
  step: 'dev.holdfast.step',
  /** Of what a drill made only: when its run is over at the latest, ISO 8601 UTC. */
  expiresAt: 'dev.holdfast.expires-at',
  /** Of a receiver only: whose network it shares, and since which start of that (databases.md D20). */
  databaseId: 'dev.holdfast.database-id',
  databaseStartedAt: 'dev.holdfast.database-started-at',
  /** Of a copy of a service only: its name, the moment it is of, and the run that made it, which it outlives. */
  copy: 'dev.holdfast.copy',
  copyPoint: 'dev.holdfast.copy-point',
  madeByWorkflowId: 'dev.holdfast.made-by-workflow-id',
  madeByRunId: 'dev.holdfast.made-by-run-id',
} as const;

export interface ScratchIdentity {
  readonly owner: RunOwner;
  readonly service: string;
  readonly component: string;
  readonly step: string;
}

/** 16 hex digits of SHA-256 over namespace, workflow id, run id and component (run ids are UUIDv7: their first digits are a clock). */
export function run16(owner: RunOwner, component: string): string {
  return createHash('sha256').update([owner.namespaceId, owner.workflowId, owner.runId, component].join('\n')).digest('hex').slice(0, 16);
}

/** `holdfast-<run16>-<step>`: the one name a run's step may use for a container or volume. */
export const scratchName = (identity: ScratchIdentity): string => `holdfast-${run16(identity.owner, identity.component)}-${identity.step}`;

export function scratchLabels(kind: ScratchKind, identity: ScratchIdentity): Record<string, string> {
  return {
    [labelNames.kind]: kind,
    [labelNames.namespaceId]: identity.owner.namespaceId,
    [labelNames.workflowId]: identity.owner.workflowId,
    [labelNames.runId]: identity.owner.runId,
    [labelNames.service]: identity.service,
    [labelNames.component]: identity.component,
    [labelNames.step]: identity.step,
  };
}

/** The identity that labels carry, or null where they are not (completely) ours. */
export function identityOf(labels: Readonly<Record<string, string>>): (ScratchIdentity & { readonly kind: string }) | null {
  const read = (name: keyof typeof labelNames): string | undefined => labels[labelNames[name]];
  const [kind, namespaceId, workflowId, runId] = [read('kind'), read('namespaceId'), read('workflowId'), read('runId')];
  if (kind === undefined || namespaceId === undefined || workflowId === undefined || runId === undefined) return null;
  return { kind, owner: { namespaceId, workflowId, runId }, service: read('service') ?? '', component: read('component') ?? '', step: read('step') ?? '' };
}

/** Whoever these things belong to, each run once; what carries no complete labels of ours is nobody's. */
export function ownersOf(labelled: readonly { readonly labels: Readonly<Record<string, string>> }[]): readonly RunOwner[] {
  const owners = labelled.map(({ labels }) => identityOf(labels)?.owner).filter((owner) => owner !== undefined);
  return [...new Map(owners.map((owner) => [`${owner.workflowId}\n${owner.runId}`, owner])).values()];
}

/**
 * What receives a component's log belongs to no run and goes with none: it has no workflow and run id, so {@link identityOf} knows nothing of it,
 * and nothing that cleans up after runs can take it for theirs.
 */
export interface ReceiverIdentity {
  readonly namespaceId: string;
  readonly service: string;
  readonly component: string;
}

/** The kind of a receiver's container and of its volume. No {@link ScratchKind}: it is never scratch. */
export const receiverKind = 'receiver';

/** 12 hex digits of SHA-256 over namespace, service and component: in the receiver's names, here and in the database. */
export function receiver12({ namespaceId, service, component }: ReceiverIdentity): string {
  return createHash('sha256').update([namespaceId, service, component].join('\n')).digest('hex').slice(0, 12);
}

/** `holdfast-wal-<receiver12>`: the one name of a component's receiver and of its volume. */
export const receiverName = (identity: ReceiverIdentity): string => `holdfast-wal-${receiver12(identity)}`;

export const receiverLabels = ({ namespaceId, service, component }: ReceiverIdentity): Record<string, string> => ({
  [labelNames.kind]: receiverKind, [labelNames.namespaceId]: namespaceId, [labelNames.service]: service, [labelNames.component]: component,
});

/**
 * The same for a log that its server archives itself: `holdfast-archive-<receiver12>` is what watches it, and its volume. Another name and kind, so that of
 * the two ways of keeping one log neither takes the other's things for its own.
 */
export const archiveName = (identity: ReceiverIdentity): string => `holdfast-archive-${receiver12(identity)}`;
export const archiveLabels = (identity: ReceiverIdentity): Record<string, string> => ({ ...receiverLabels(identity), [labelNames.kind]: 'archive' });

/**
 * A copy of a service belongs to no run either: it stays until somebody removes it. Who made it stands under names of its own, so that {@link identityOf} knows nothing of it.
 */
export interface CopyIdentity {
  readonly maker: RunOwner;
  readonly service: string;
  /** The copy's own name. */
  readonly copy: string;
}

/** The kind of a copy's containers, volumes and network. No {@link ScratchKind}: it is never scratch. */
export const copyKind = 'copy';

/** `holdfast-copy-<service>-<copy>`, its network; with the component behind it, a server of it and its volume. */
export const copyName = ({ service, copy }: Pick<CopyIdentity, 'service' | 'copy'>, component?: string): string => ['holdfast-copy', service, copy, ...(component === undefined ? [] : [component])].join('-');

export const copyLabels = ({ maker, service, copy }: CopyIdentity): Record<string, string> => ({
  [labelNames.kind]: copyKind, [labelNames.namespaceId]: maker.namespaceId, [labelNames.madeByWorkflowId]: maker.workflowId, [labelNames.madeByRunId]: maker.runId,
  [labelNames.service]: service, [labelNames.copy]: copy,
});

/** The copy that labels say something belongs to, or null where they do not (completely). */
export function copyIdentityOf(labels: Readonly<Record<string, string>>): CopyIdentity | null {
  const read = (name: keyof typeof labelNames): string | undefined => labels[labelNames[name]];
  const [namespaceId, workflowId, runId, service, copy] = [read('namespaceId'), read('madeByWorkflowId'), read('madeByRunId'), read('service'), read('copy')];
  if (read('kind') !== copyKind || namespaceId === undefined || workflowId === undefined || runId === undefined || service === undefined || copy === undefined) return null;
  return { maker: { namespaceId, workflowId, runId }, service, copy };
}
