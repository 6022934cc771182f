/**
 * What may be removed when its run is over: found by labels, handed around as a type of its own, removed by nothing but this file.
 * Rollback copies and fences carry the same labels with another kind; they cannot become a ScratchResource.
 */
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { sameOwner } from '../domain/run-owner.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { ContainerFacts, ContainerRuntime, ContainerSpec } from './container-runtime.ts';
import { identityOf, labelNames, ownersOf, scratchLabels, scratchName } from './labels.ts';
import type { ScratchIdentity } from './labels.ts';
import { givesWay } from './machine-share.ts';

/** Kinds that end with their run. */
export type RemovableKind = 'helper' | 'scratch';

declare const checked: unique symbol;

/** A container, volume or network whose labels were read and say that it is scratch. Only this folder makes one. */
export interface ScratchResource {
  readonly [checked]: true;
  readonly type: 'container' | 'volume' | 'network';
  /** A container's or network's id, a volume's name: never the name of a container, which can come to mean another. */
  readonly id: string;
  readonly name: string;
  readonly kind: RemovableKind;
  readonly identity: ScratchIdentity;
}

/** What the engine calls a volume that nobody named. */
const anonymousVolume = /^[0-9a-f]{64}$/;

/** The resource that these labels describe, or null where they do not say scratch, or say it of a volume or network whose name Holdfast does not make. */
function scratchOf(type: ScratchResource['type'], id: string, name: string, labels: Readonly<Record<string, string>>): ScratchResource | null {
  const identity = identityOf(labels);
  if (identity === null || (identity.kind !== 'helper' && identity.kind !== 'scratch')) return null;
  const { owner, service, component, step } = identity;
  if (type === 'volume' && name !== scratchName(identity) && !anonymousVolume.test(name)) return null;
  if (type === 'network' && name !== scratchName(identity)) return null;
  return { type, id, name, kind: identity.kind, identity: { owner, service, component, step } } as ScratchResource;
}

/** Everything of one run that may go with it: containers first, because they hold the volumes and networks. Fences and rollback copies are not among it. */
export async function findScratchOf(runtime: ContainerRuntime, owner: RunOwner): Promise<readonly ScratchResource[]> {
  const labels = { [labelNames.namespaceId]: owner.namespaceId, [labelNames.workflowId]: owner.workflowId, [labelNames.runId]: owner.runId };
  const containers = await runtime.list(labels);
  const volumes = await runtime.listVolumes(labels);
  const networks = await runtime.listNetworks(labels);
  return [
    ...containers.map((container) => scratchOf('container', container.id, container.name, container.labels)),
    ...volumes.map((volume) => scratchOf('volume', volume.name, volume.name, volume.labels)),
    ...networks.map((network) => scratchOf('network', network.id, network.name, network.labels)),
  ].filter((resource) => resource !== null);
}

/** Every run of our namespace (and of one service, where it is named) that owns anything on this engine, of whatever kind, each once. */
export async function listOwners(runtime: ContainerRuntime, namespaceId: string, service?: string): Promise<readonly RunOwner[]> {
  const labels = { [labelNames.namespaceId]: namespaceId, ...(service === undefined ? {} : { [labelNames.service]: service }) };
  return ownersOf([...await runtime.list(labels), ...await runtime.listVolumes(labels), ...await runtime.listNetworks(labels)]);
}

/**
 * Removes one resource; no error where it is gone. What it is is read again, because time has passed since it was found.
 * @throws LeftoversRemain when a container still uses the volume or network, or when the labels no longer say so
 */
export async function removeScratch(runtime: ContainerRuntime, scratch: ScratchResource): Promise<void> {
  if (scratch.type === 'container') {
    const found = await runtime.find(scratch.id);
    if (found !== null) await removeIfStill(scratch, found.labels, () => runtime.remove(scratch.id));
    return;
  }
  const labels = scratchLabels(scratch.kind, scratch.identity);
  if (scratch.type === 'network') {
    const found = (await runtime.listNetworks(labels)).find((network) => network.id === scratch.id);
    if (found !== undefined) await removeIfStill(scratch, found.labels, () => runtime.removeNetwork(scratch.id));
    return;
  }
  const found = (await runtime.listVolumes(labels)).find((volume) => volume.name === scratch.name);
  if (found !== undefined) await removeIfStill(scratch, found.labels, () => runtime.removeVolume(scratch.name));
}

async function removeIfStill(scratch: ScratchResource, labels: Readonly<Record<string, string>>, remove: () => Promise<void>): Promise<void> {
  const now = scratchOf(scratch.type, scratch.id, scratch.name, labels);
  if (now !== null && sameIdentity(now.identity, scratch.identity)) return remove();
  throw new HoldfastFailure('LeftoversRemain', {
    operation: `remove ${scratch.type}`, object: scratch.name, cause: 'its labels no longer say that it is scratch of that run', hint: 'Look at it with `docker inspect`; nothing was removed.',
  });
}

export const sameIdentity = (a: ScratchIdentity, b: ScratchIdentity): boolean =>
  sameOwner(a.owner, b.owner) && a.service === b.service && a.component === b.component && a.step === b.step;

/**
 * Creates the container of a step under its one name. What an earlier attempt of the same run and step left there is removed first, once;
 * anything else under that name is `NameTaken`. When another attempt of the same step is quicker between the two, this one is `HelperLost`:
 * attempts overlap, and an older one must not chase a newer one.
 */
export async function createScratchContainer(
  runtime: ContainerRuntime, kind: RemovableKind, identity: ScratchIdentity, spec: Omit<ContainerSpec, 'name' | 'labels'>, signal: AbortSignal,
): Promise<ScratchResource> {
  const name = scratchName(identity);
  const labels = scratchLabels(kind, identity);
  const predecessor = await runtime.find(name);
  if (predecessor !== null) {
    if (!isOf(predecessor, kind, identity)) throw foreignName(name, predecessor);
    // An attempt that was given up on must not remove its successor's.
    signal.throwIfAborted();
    await runtime.remove(predecessor.id);
  }
  signal.throwIfAborted();
  try {
    const { id } = await runtime.create({ ...givesWay, ...spec, name, labels });
    return { type: 'container', id, name, kind, identity } as ScratchResource;
  } catch (error) {
    const holder = isFailure(error, 'NameTaken') ? await runtime.find(name) : null;
    if (holder === null || !isOf(holder, kind, identity)) throw error;
    throw new HoldfastFailure('HelperLost', {
      operation: 'create container', object: name, cause: 'another attempt of the same step has just created it', hint: 'The step is tried again.',
    }, { cause: error });
  }
}

function isOf(container: Pick<ContainerFacts, 'labels'>, kind: RemovableKind, identity: ScratchIdentity): boolean {
  const found = identityOf(container.labels);
  return found !== null && found.kind === kind && sameIdentity(found, identity);
}

function foreignName(name: string, holder: ContainerFacts): HoldfastFailure {
  const identity = identityOf(holder.labels);
  return new HoldfastFailure('NameTaken', {
    operation: 'create container', object: name,
    cause: identity === null ? 'a container that is not Holdfast\'s has that name' : `it belongs to step "${identity.step}" (${identity.kind}) of run ${identity.owner.runId} of ${identity.owner.workflowId}`,
    hint: 'Look at it with `docker inspect`; nothing was removed.',
  });
}

/** The volume of a step under its one name, empty; one that this run made before is left as it is. @throws NameTaken where something else has that name */
export async function createScratchVolume(runtime: ContainerRuntime, identity: ScratchIdentity): Promise<string> {
  const name = scratchName(identity);
  // Making it twice keeps the first one's labels, whose ever they are (databases.md D20): what they say is read afterwards.
  await runtime.createVolume(name, scratchLabels('scratch', identity));
  const made = await runtime.findVolume(name);
  if (made !== null && isOf(made, 'scratch', identity)) return name;
  throw new HoldfastFailure('NameTaken', { operation: 'create volume', object: name, cause: 'it is something else\'s', hint: 'Look at it with `docker volume inspect`; nothing was removed.' });
}

const networkAttempts = 5;

/**
 * The network of a step under its one name, with nothing that leads out of it; one that this run made before is taken as it is. The engine lets two at once make two of
 * one name: whoever finds another beside his own takes his own away again, for something may be on the other by then.
 * @throws NameTaken where something else has that name, HelperLost where attempts go on meeting each other
 */
export async function createScratchNetwork(runtime: ContainerRuntime, identity: ScratchIdentity): Promise<string> {
  const [name, labels] = [scratchName(identity), scratchLabels('scratch', identity)];
  const own = async (): Promise<readonly string[]> => (await runtime.listNetworks(labels)).filter((network) => network.name === name).map(({ id }) => id).sort();
  let taken = false;
  for (let attempt = 0; attempt < networkAttempts; attempt += 1) {
    const [standing] = await own();
    if (standing !== undefined) return standing;
    const made = await runtime.createIsolatedNetwork(name, labels).catch((error: unknown) => {
      if (!isFailure(error, 'NameTaken')) throw error;
      return null;
    });
    taken = made === null;
    if (made === null) continue;
    if ((await own()).length <= 1) return made.id;
    await runtime.removeNetwork(made.id);
  }
  if (taken) throw new HoldfastFailure('NameTaken', { operation: 'create network', object: name, cause: 'a network of that name is something else\'s', hint: 'Look at it with `docker network inspect`; nothing was removed.' });
  throw new HoldfastFailure('HelperLost', { operation: 'create network', object: name, cause: 'other attempts of the same step are just creating it', hint: 'The step is tried again.' });
}
