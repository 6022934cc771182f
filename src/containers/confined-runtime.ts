/**
 * A runtime as far as one run's own scratch goes. What the run did not make itself is not there: it is not found, not listed, not executed in, and nothing is mounted
 * of it. Whatever is given this one cannot be pointed at a database that is live, not even by mistake.
 */
import { HoldfastFailure } from '../domain/failures.ts';
import { sameOwner, type RunOwner } from '../domain/run-owner.ts';
import type { ContainerFacts, ContainerRuntime, ContainerSpec, MountSpec, VolumeFacts } from './container-runtime.ts';
import { identityOf } from './labels.ts';

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * @param further labels that everything gets which is made through it
 * Contract as of the runtime itself, with `ContainerNotFound` for containers that are not the run's. @throws Internal where something is to be made that would lead out of it
 */
export function confinedRuntime(runtime: ContainerRuntime, owner: RunOwner, further: Readonly<Record<string, string>> = {}): ContainerRuntime {
  const isOwn = ({ labels }: Labelled): boolean => {
    const identity = identityOf(labels);
    return identity !== null && (identity.kind === 'scratch' || identity.kind === 'helper') && sameOwner(identity.owner, owner);
  };
  const own = new Set<string>();
  const find = async (nameOrId: string): Promise<ContainerFacts | null> => {
    const found = await runtime.find(nameOrId);
    if (found === null || !isOwn(found)) return null;
    own.add(found.id);
    return found;
  };
  /** By an id, or by a name, which may have come to mean another one: that is asked each time. */
  const required = async (id: string): Promise<string> => {
    if (own.has(id)) return id;
    const found = await find(id);
    if (found !== null) return found.id;
    throw new HoldfastFailure('ContainerNotFound', { operation: 'find container', object: id.slice(0, 80), cause: 'it does not exist, or this run has not made it', hint: 'A drill reaches nothing but what it has made.' });
  };
  const ownVolume = async (name: string): Promise<VolumeFacts | null> => {
    const found = await runtime.findVolume(name);
    return found !== null && isOwn(found) ? found : null;
  };
  const ownNetworks = async (labels: Readonly<Record<string, string>>) => (await runtime.listNetworks(labels)).filter(isOwn);
  const requireOwnLabels = (labelled: Labelled, name: string): void => {
    if (!isOwn(labelled)) throw leadsOut(name, 'its labels are not those of this run\'s scratch');
  };

  async function requireWithin(spec: ContainerSpec): Promise<void> {
    requireOwnLabels(spec, spec.name);
    if (spec.publish !== undefined && spec.publish.length > 0) throw leadsOut(spec.name, 'it would have a port on the host');
    for (const mount of spec.mounts ?? []) if (!(await isWithin(mount))) throw leadsOut(spec.name, `it would have ${mount.type} ${mount.source}`);
    if (spec.environmentOf !== undefined) await required(spec.environmentOf);
    const of = /^container:(.+)$/.exec(spec.network)?.[1];
    if (of !== undefined) await required(of);
    else if (spec.network !== 'none' && !(await ownNetworks({})).some(({ id, name }) => id === spec.network || name === spec.network)) throw leadsOut(spec.name, `it would be on the network ${spec.network}`);
  }
  /** Of the host's files only what is read: the repository. */
  const isWithin = async ({ type, source, readOnly }: MountSpec): Promise<boolean> =>
    (type === 'bind' ? readOnly === true : type === 'tmpfs' || source === '' || await ownVolume(source) !== null);

  return {
    ping: () => runtime.ping(),
    findImage: (reference) => runtime.findImage(reference),
    find,
    inspect: async (nameOrId) => runtime.inspect(await required(nameOrId)),
    list: async (labels) => (await runtime.list(labels)).filter(isOwn),
    create: async (spec) => {
      await requireWithin(spec);
      const { id } = await runtime.create({ ...spec, labels: { ...spec.labels, ...further } });
      own.add(id);
      return { id };
    },
    start: async (id, stdin) => runtime.start(await required(id), stdin),
    wait: async (id, signal) => runtime.wait(await required(id), signal),
    stop: async (id, timeoutMs) => runtime.stop(await required(id), timeoutMs),
    restart: async (id, timeoutMs) => runtime.restart(await required(id), timeoutMs),
    // Of these three no error where it is gone; what is somebody else's is as good as gone.
    kill: async (id, signal) => { if (await find(id) !== null) await runtime.kill(id, signal); },
    remove: async (id) => { if (await find(id) !== null) await runtime.remove(id); },
    updateRestartPolicy: async (id, policy) => runtime.updateRestartPolicy(await required(id), policy),
    logs: async (id, maxBytes) => runtime.logs(await required(id), maxBytes),
    exec: async (id, request) => runtime.exec(await required(id), request),
    readArchive: async (id, path) => runtime.readArchive(await required(id), path),
    writeArchive: async (id, directory, tar) => runtime.writeArchive(await required(id), directory, tar),
    createVolume: async (name, labels) => {
      requireOwnLabels({ labels }, name);
      await runtime.createVolume(name, { ...labels, ...further });
    },
    listVolumes: async (labels) => (await runtime.listVolumes(labels)).filter(isOwn),
    findVolume: ownVolume,
    removeVolume: async (name) => { if (await ownVolume(name) !== null) await runtime.removeVolume(name); },
    createNetwork: async (name) => { throw leadsOut(name, 'it would lead to the host'); },
    createIsolatedNetwork: async (name, labels) => {
      requireOwnLabels({ labels }, name);
      return runtime.createIsolatedNetwork(name, { ...labels, ...further });
    },
    listNetworks: ownNetworks,
    removeNetwork: async (id) => { if ((await ownNetworks({})).some((network) => network.id === id)) await runtime.removeNetwork(id); },
  };
}

const leadsOut = (object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('Internal', { operation: 'make something of a drill', object, cause, hint: 'A drill reaches nothing but what it has made. Please report this: it is a mistake in Holdfast.' });
