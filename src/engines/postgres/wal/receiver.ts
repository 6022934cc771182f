/** The container that receives a component's log, and its volume: names, labels, and what it is made of. */
import type { ContainerFacts, ContainerRuntime, ContainerSpec, MountSpec } from '../../../containers/container-runtime.ts';
import { labelNames, receiver12, receiverLabels, receiverName } from '../../../containers/labels.ts';
import { imageVolumeMounts } from '../../../containers/scratch-server.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { WalContext } from '../../wal-source.ts';
import type { PsqlContext } from '../server/psql.ts';

/** Where the volume is mounted. */
export const walDirectory = '/wal';

export interface Receiver {
  /** Of container and volume. */
  readonly name: string;
  readonly slot: string;
  /** Of both; the container has the database's id and start besides. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What finds a container and its volume again, of a receiver or of whatever else looks after a log. */
export type Named = Pick<Receiver, 'name' | 'labels'>;

/** What every container of a receiver may use: the volume takes what comes, and one process sends for it. */
const memoryBytes = 256 * 1024 ** 2;
const pidsLimit = 64;
/** As a helper's: whatever serves its users goes first. */
const cpuShares = 128;

export function receiverOf(ctx: Pick<WalContext, 'namespaceId' | 'service'>, component: Pick<PostgresComponent, 'name'>): Receiver {
  const identity = { namespaceId: ctx.namespaceId, service: ctx.service, component: component.name };
  return { name: receiverName(identity), slot: `holdfast_${receiver12(identity)}`, labels: receiverLabels(identity) };
}

/** For sessions that the receiver's owner opens in the database's container. */
export const sessionContext = (ctx: WalContext, receiver: Named): PsqlContext =>
  ({ runtime: ctx.runtime, timing: ctx.timing, signal: ctx.signal, secret: (reference) => ctx.secret(reference), applicationName: receiver.name });

/** Does it carry all of these labels? */
export const carries = (found: { readonly labels: Readonly<Record<string, string>> }, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([name, value]) => found.labels[name] === value);

/** The container, or null. @throws NameTaken where the name is somebody else's */
export async function findReceiver(runtime: ContainerRuntime, receiver: Named): Promise<ContainerFacts | null> {
  const found = await runtime.find(receiver.name);
  if (found !== null && !carries(found, receiver.labels)) throw nameTaken('container', receiver.name);
  return found;
}

/** Is the volume there? @throws NameTaken where the name is somebody else's */
export async function hasVolume(runtime: ContainerRuntime, receiver: Named): Promise<boolean> {
  const found = await runtime.findVolume(receiver.name);
  if (found !== null && !carries(found, receiver.labels)) throw nameTaken('volume', receiver.name);
  return found !== null;
}

/** Labels that say whose network a receiver shares, and since which start: a later start has another (databases.md D20). */
export const databaseLabels = (database: ContainerFacts): Readonly<Record<string, string>> =>
  ({ [labelNames.databaseId]: database.id, [labelNames.databaseStartedAt]: database.startedAt ?? '' });

type Essentials = Pick<ContainerSpec, 'name' | 'imageId' | 'command' | 'network' | 'labels'> & Partial<ContainerSpec>;

/**
 * A container on the receiver's volume, root in it and nothing outside: no capability unless one is given, its own files read-only, no log, no restart by a policy (one that
 * restarts while the database is down stays dead, databases.md D20). In the place of the image's own volumes there is memory, which leaves nothing behind.
 */
export async function createOnVolume(runtime: ContainerRuntime, volume: string, spec: Essentials): Promise<{ readonly id: string }> {
  const mounts: readonly MountSpec[] = [{ type: 'volume', source: volume, target: walDirectory }, ...(spec.mounts ?? [])];
  const covered = (await imageVolumeMounts(runtime, spec.imageId, mounts)).map(({ target }): MountSpec => ({ type: 'tmpfs', source: '', target }));
  return runtime.create({
    capabilities: 'none', ...spec, user: '0:0', workingDirectory: '/', mounts: [...mounts, ...covered], init: true, memoryBytes, pidsLimit, cpuShares, readOnlyRoot: true, logDriver: 'none',
  });
}

const nameTaken = (type: string, name: string): HoldfastFailure =>
  new HoldfastFailure('NameTaken', { operation: `find the receiver's ${type}`, object: name, cause: `a ${type} of that name is not this component's receiver`, hint: `Look at it with \`docker ${type} inspect ${name}\`; nothing was removed.` });
