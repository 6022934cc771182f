/**
 * Copies of a service: servers on volumes and a network of their own, which outlive the run that made them and go only when somebody removes them. The containers
 * are created first, which takes the name, and started last, which makes it a copy: one with a server that was never started is its run's leftover.
 */
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { sameOwner, type RunOwner } from '../domain/run-owner.ts';
import type { ContainerFacts, ContainerRuntime, ContainerSpec } from './container-runtime.ts';
import { copyIdentityOf, copyKind, copyLabels, copyName, labelNames, type CopyIdentity } from './labels.ts';
import { createScratchContainer, removeScratch } from './scratch.ts';

declare const checked: unique symbol;

/** What labels say belongs to one copy that one run made. Only this file makes one, and only this file removes one. */
export interface ServiceCopy extends CopyIdentity {
  readonly [checked]: true;
  /** The moment that was asked for, as it was asked for. */
  readonly point: string;
  readonly containers: readonly ContainerFacts[];
  readonly volumes: readonly string[];
  readonly networks: readonly { readonly id: string; readonly name: string }[];
}

/** Of this engine: all, or those of one service, or of one name. */
export async function findCopies(runtime: ContainerRuntime, { service, copy }: { readonly service?: string; readonly copy?: string } = {}): Promise<readonly ServiceCopy[]> {
  const labels = { [labelNames.kind]: copyKind, ...(service === undefined ? {} : { [labelNames.service]: service }), ...(copy === undefined ? {} : { [labelNames.copy]: copy }) };
  const found = new Map<string, { identity: CopyIdentity; containers: ContainerFacts[]; volumes: string[]; networks: { id: string; name: string }[] }>();
  const partsOf = (labelled: { readonly labels: Readonly<Record<string, string>> }) => {
    const identity = copyIdentityOf(labelled.labels);
    if (identity === null) return null;
    const key = [identity.service, identity.copy, identity.maker.namespaceId, identity.maker.workflowId, identity.maker.runId].join('\n');
    const parts = found.get(key) ?? { identity, containers: [], volumes: [], networks: [] };
    found.set(key, parts);
    return parts;
  };
  for (const container of await runtime.list(labels)) partsOf(container)?.containers.push(container);
  for (const volume of await runtime.listVolumes(labels)) partsOf(volume)?.volumes.push(volume.name);
  for (const network of await runtime.listNetworks(labels)) partsOf(network)?.networks.push({ id: network.id, name: network.name });
  return [...found.values()].map(({ identity, containers, volumes, networks }) => ({
    ...identity, point: containers[0]?.labels[labelNames.copyPoint] ?? '', containers: containers.sort((a, b) => (a.name < b.name ? -1 : 1)), volumes: volumes.sort(), networks,
  } as unknown as ServiceCopy));
}

/** Whose servers were not all started yet. One whose containers somebody removed by hand has its data still, and is nobody's leftover. */
export const isUnfinished = ({ containers, volumes }: Pick<ServiceCopy, 'containers' | 'volumes'>): boolean =>
  containers.some(({ startedAt }) => startedAt === null) || (containers.length === 0 && volumes.length === 0);

export const copiesMadeBy = async (runtime: ContainerRuntime, owner: RunOwner, service: string): Promise<readonly ServiceCopy[]> =>
  (await findCopies(runtime, { service })).filter(({ maker }) => sameOwner(maker, owner));

/** Before anything is made. @throws NameTaken */
export async function requireFreeName(runtime: ContainerRuntime, identity: CopyIdentity, components: readonly string[]): Promise<void> {
  const standing = (await findCopies(runtime, identity)).find(({ maker }) => !sameOwner(maker, identity.maker));
  if (standing !== undefined) throw nameTaken(identity, isUnfinished(standing) ? `${standing.maker.workflowId} is making a copy of that name, or has left one unfinished` : `there is a copy of that name already${standing.point === '' ? '' : `, of ${standing.point}`}`);
  for (const component of components) {
    const holder = await runtime.find(copyName(identity, component));
    if (holder !== null && !isOf(holder, identity)) throw nameTaken(identity, `container ${holder.name} is something else`);
    const volume = await runtime.findVolume(copyName(identity, component));
    if (volume !== null && !isOf(volume, identity)) throw nameTaken(identity, `volume ${volume.name} is something else's`);
  }
}

export interface CopyServerRequest extends Pick<ContainerSpec, 'imageId' | 'command'>, Partial<Pick<ContainerSpec, 'environment' | 'memoryBytes' | 'shmSizeBytes'>> {
  readonly identity: CopyIdentity;
  readonly component: string;
  readonly point: string;
  readonly entrypoint: readonly string[];
  /** Where it finds its volume. */
  readonly directory: string;
  readonly port: number;
  readonly hostPort: number | null;
  readonly signal: AbortSignal;
}

/**
 * The container of one server, not started, with its volume and the copy's network. One that this run made before is left as it is.
 * @throws NameTaken, ImageMissing, PortTaken where the port that is asked for is in use
 */
export async function createCopyServer(runtime: ContainerRuntime, request: CopyServerRequest): Promise<ContainerFacts> {
  const { identity, component, point, directory, port, hostPort, signal, ...rest } = request;
  const [name, labels] = [copyName(identity, component), copyLabels(identity)];
  if (await runtime.find(name) === null) {
    const network = await networkOf(runtime, identity);
    if (hostPort !== null) await requireFreePort(runtime, request, network, hostPort);
    // A tmpfs in place of each volume that the image declares, so that none is made.
    const declared = (await runtime.findImage(request.imageId))?.volumes ?? [];
    signal.throwIfAborted();
    await unlessTaken(runtime.create({
      ...rest, name, network, labels: { ...labels, [labelNames.component]: component, [labelNames.copyPoint]: point }, publish: [{ port, hostPort }],
      mounts: [{ type: 'volume', source: name, target: directory, labels }, ...declared.filter((target) => target !== directory).map((target) => ({ type: 'tmpfs' as const, source: '', target }))],
      init: true, logDriver: 'json-file', pidsLimit,
    }));
  }
  const container = await runtime.inspect(name);
  if (!isOf(container, identity)) throw nameTaken(identity, `container ${name} is something else`);
  const volume = await runtime.findVolume(name);
  if (volume !== null && isOf(volume, identity)) return container;
  // It was there before, and the engine took it as it was.
  await runtime.remove(container.id);
  throw nameTaken(identity, `volume ${name} is something else's`);
}

const pidsLimit = 4096;

async function networkOf(runtime: ContainerRuntime, identity: CopyIdentity): Promise<string> {
  const own = async (): Promise<string | undefined> => (await runtime.listNetworks(copyLabels(identity)))[0]?.id;
  const standing = await own();
  if (standing !== undefined) return standing;
  try {
    return (await runtime.createNetwork(copyName(identity), copyLabels(identity))).id;
  } catch (error) {
    if (!isFailure(error, 'NameTaken')) throw error;
    const made = await own();
    if (made !== undefined) return made;
    throw nameTaken(identity, `network ${copyName(identity)} is something else's`);
  }
}

/** Better known before hours of recovery than after: a container that does nothing is given the port. @throws PortTaken */
async function requireFreePort(runtime: ContainerRuntime, { identity: { maker, service }, component, imageId, port, signal }: CopyServerRequest, network: string, hostPort: number): Promise<void> {
  const probe = await createScratchContainer(runtime, 'scratch', { owner: maker, service, component, step: 'port' }, { imageId, entrypoint: ['/bin/sh'], command: ['-c', 'exit 0'], network, publish: [{ port, hostPort }] }, signal);
  try {
    await runtime.start(probe.id);
  } catch (error) {
    // The engine has one answer for all that it cannot start. Where it is well itself, the port is what this container has and no helper had.
    if (!isFailure(error, 'DockerUnreachable')) throw error;
    await runtime.ping();
    throw new HoldfastFailure('PortTaken', { operation: 'publish the copy', object: `127.0.0.1:${hostPort}`, cause: error.fields.cause, hint: 'Give another --port, or none: then a free one is taken.' }, { cause: error });
  } finally {
    await removeScratch(runtime, probe);
  }
}

async function unlessTaken(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    // Another attempt of this run was quicker, or somebody else: the labels say so.
    if (!isFailure(error, 'NameTaken')) throw error;
  }
}

/** Containers first, because they hold the rest. What each is is read again; what bears other labels by now is left. @throws LeftoversRemain where something uses a volume or the network */
export async function removeCopy(runtime: ContainerRuntime, copy: ServiceCopy): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const { id, name } of copy.containers) {
    const found = await runtime.find(id);
    if (found === null || !isOf(found, copy)) continue;
    await runtime.remove(id);
    removed.push(name);
  }
  const own = copyLabels(copy);
  for (const { name } of (await runtime.listVolumes(own)).filter((volume) => copy.volumes.includes(volume.name))) {
    await runtime.removeVolume(name);
    removed.push(name);
  }
  for (const { id, name } of (await runtime.listNetworks(own)).filter((network) => copy.networks.some((each) => each.id === network.id))) {
    await runtime.removeNetwork(id);
    removed.push(name);
  }
  return removed;
}

function isOf({ labels }: { readonly labels: Readonly<Record<string, string>> }, { maker, service, copy }: CopyIdentity): boolean {
  const identity = copyIdentityOf(labels);
  return identity !== null && sameOwner(identity.maker, maker) && identity.service === service && identity.copy === copy;
}

const nameTaken = ({ copy }: CopyIdentity, cause: string): HoldfastFailure =>
  new HoldfastFailure('NameTaken', { operation: 'name the copy', object: copy, cause, hint: `Choose another name; what copies there are: holdfast clone list. To remove one: holdfast clone remove ${copy}.` });
