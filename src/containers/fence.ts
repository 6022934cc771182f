/**
 * Fences: a container per store that is never started, whose computed name the engine grants to one holder only (a duplicate name is refused,
 * databases.md D20). Whoever changes a store has its fence standing; whoever finds another's keeps away.
 */
import { createHash } from 'node:crypto';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { sameOwner } from '../domain/run-owner.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { ContainerFacts, ContainerRuntime } from './container-runtime.ts';
import { identityOf, labelNames, ownersOf, scratchLabels } from './labels.ts';
import type { ScratchIdentity } from './labels.ts';

/** What is fenced off: a volume's name or a bind mount's host path. Any image of this engine will do: nothing runs. */
export interface FencedStore {
  readonly volume: string;
  readonly imageId: string;
}

/** `holdfast-fence-<12 hex of SHA-256>` of the volume's name or host path: of the one that {@link fenceNames} takes. */
export const fenceName = (volume: string): string => `holdfast-fence-${createHash('sha256').update(volume).digest('hex').slice(0, 12)}`;

type FenceNames = (volume: string) => string;

/**
 * It is files that are fenced off, by whatever way a container has them: a directory of a volume, named by its path on the host, is that volume, and volumes that lead to one directory of the host
 * (`o=bind`) are that directory.
 */
async function fenceNames(runtime: ContainerRuntime): Promise<FenceNames> {
  const volumes = await runtime.listVolumes({});
  const hostPaths = new Map(volumes.map(({ name, hostPath }) => [name, hostPath]));
  const kept = volumes.filter(({ name, hostPath }) => hostPath?.endsWith(`/${name}/_data`) === true);
  return (volume) => {
    const path = volume.startsWith('/') ? volume.replace(/\/+$/, '') : hostPaths.get(volume) ?? volume;
    return fenceName(kept.find(({ hostPath }) => `${path}/`.startsWith(`${hostPath}/`))?.name ?? path);
  };
}

/** In one order for everybody, so that two runs cannot each hold what the other waits for; each store once, with the name of its fence. */
function ordered<T>(items: readonly T[], nameOf: (item: T) => string): readonly (readonly [string, T])[] {
  return [...new Map(items.map((item) => [nameOf(item), item]))].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Raises the fence of every store for the run; one that stands already for the same run is left as it is. When one is another's, those that
 * this call raised are lowered again. @throws ForeignFence, NameTaken (not a fence at all), ImageMissing
 */
export async function raiseFences(runtime: ContainerRuntime, identity: ScratchIdentity, stores: readonly FencedStore[]): Promise<void> {
  const raised: string[] = [];
  try {
    const nameOf = await fenceNames(runtime);
    for (const [name, store] of ordered(stores, (each) => nameOf(each.volume))) {
      const id = await raise(runtime, identity, store, name);
      if (id !== null) raised.push(id);
    }
  } catch (error) {
    if (isFailure(error, 'ForeignFence')) for (const id of raised.reverse()) await runtime.remove(id);
    throw error;
  }
}

/** The id of the fence that was created, or null where it stood already for the same run. */
async function raise(runtime: ContainerRuntime, identity: ScratchIdentity, store: FencedStore, name: string): Promise<string | null> {
  try {
    // The program does not exist: started by hand, it fails. A tmpfs in place of each volume that the image declares, so that none is made.
    const volumes = (await runtime.findImage(store.imageId))?.volumes ?? [];
    const { id } = await runtime.create({
      name, imageId: store.imageId, entrypoint: ['/holdfast-fence'], command: [], labels: scratchLabels('fence', identity),
      mounts: volumes.map((target) => ({ type: 'tmpfs', source: '', target })), network: 'none', capabilities: 'none',
    });
    return id;
  } catch (error) {
    const standing = isFailure(error, 'NameTaken') ? await runtime.find(name) : null;
    // Gone in between: its holder has just finished. Somebody has to try again, and that is Temporal.
    if (standing === null) throw isFailure(error, 'NameTaken') ? vanished(store.volume, error) : error;
    if (!sameOwner(holderOf(standing, store.volume), identity.owner)) throw foreign('raise the fence', store.volume, standing);
    return null;
  }
}

/**
 * Before each destructive step: every store's fence stands, and is this run's. @throws FenceMissing, ForeignFence
 */
export async function checkFences(runtime: ContainerRuntime, owner: RunOwner, volumes: readonly string[]): Promise<void> {
  for (const [name, volume] of ordered(volumes, await fenceNames(runtime))) {
    const standing = await runtime.find(name);
    if (standing === null) throw missing('check the fence', volume, name);
    if (!sameOwner(holderOf(standing, volume), owner)) throw foreign('check the fence', volume, standing);
  }
}

/** Before a store is looked at or started: nobody else is changing it. @throws ForeignFence */
export async function refuseForeignFences(runtime: ContainerRuntime, owner: RunOwner, volumes: readonly string[]): Promise<void> {
  if (volumes.length === 0) return;
  for (const [name, volume] of ordered(volumes, await fenceNames(runtime))) {
    const standing = await runtime.find(name);
    if (standing !== null && !sameOwner(holderOf(standing, volume), owner)) throw foreign('use the data', volume, standing);
  }
}

/** Removes this run's own fences; another's is left standing without a word, for it is none of this run's business. Idempotent. */
export async function lowerFences(runtime: ContainerRuntime, owner: RunOwner, volumes: readonly string[]): Promise<void> {
  for (const [name] of ordered(volumes, await fenceNames(runtime)).toReversed()) {
    const standing = await runtime.find(name);
    if (standing !== null && isFenceOf(standing, owner)) await runtime.remove(standing.id);
  }
}

/** Runs of our namespace and one service that have a fence standing, each once. */
export async function listFenceOwners(runtime: ContainerRuntime, namespaceId: string, service: string): Promise<readonly RunOwner[]> {
  return ownersOf(await runtime.list({ [labelNames.kind]: 'fence', [labelNames.namespaceId]: namespaceId, [labelNames.service]: service }));
}

/** Removes every fence that one run left, whatever it fences: for a run that ended without a record of what it was about. Idempotent. */
export async function lowerAllFencesOf(runtime: ContainerRuntime, owner: RunOwner): Promise<void> {
  const standing = await runtime.list({ [labelNames.kind]: 'fence', [labelNames.namespaceId]: owner.namespaceId, [labelNames.workflowId]: owner.workflowId, [labelNames.runId]: owner.runId });
  for (const fence of standing) if (isFenceOf(fence, owner)) await runtime.remove(fence.id);
}

/**
 * For a repair: takes the fences of ended runs over, that of the run that is repaired or that of an earlier repair which did not come to its
 * end. The caller holds the service's lease; `hasEnded` is asked about whoever's fence stands. Removal is by the id of a container whose
 * labels were read; a store without a fence gets one. Idempotent. @throws ForeignFence when a living run's stands, or one of another namespace
 */
export async function replaceFences(runtime: ContainerRuntime, identity: ScratchIdentity, stores: readonly FencedStore[], hasEnded: (owner: RunOwner) => Promise<boolean>): Promise<void> {
  const nameOf = await fenceNames(runtime);
  for (const [name, store] of ordered(stores, (each) => nameOf(each.volume))) {
    const standing = await runtime.find(name);
    if (standing !== null) {
      const holder = holderOf(standing, store.volume);
      if (!sameOwner(holder, identity.owner) && holder.namespaceId === identity.owner.namespaceId && await hasEnded(holder)) await runtime.remove(standing.id);
    }
    await raise(runtime, identity, store, name);
  }
}

function isFenceOf(container: ContainerFacts, owner: RunOwner): boolean {
  const identity = identityOf(container.labels);
  return identity !== null && identity.kind === 'fence' && sameOwner(identity.owner, owner);
}

/** Whose fence it is. @throws NameTaken when something else bears the name */
function holderOf(standing: ContainerFacts, volume: string): RunOwner {
  const identity = identityOf(standing.labels);
  if (identity !== null && identity.kind === 'fence') return identity.owner;
  throw new HoldfastFailure('NameTaken', {
    operation: 'look at the fence', object: volume, cause: `container ${standing.name} is not a fence of Holdfast`, hint: 'Look at it with `docker inspect`; nothing was removed.',
  });
}

function foreign(operation: string, volume: string, standing: ContainerFacts): HoldfastFailure {
  const { namespaceId, workflowId, runId } = holderOf(standing, volume);
  return new HoldfastFailure('ForeignFence', {
    operation, object: volume, cause: `run ${runId} of ${workflowId} (namespace ${namespaceId}) has fenced it off`,
    hint: 'Let that run end (`holdfast watch`, `holdfast cancel`); if it has ended already, `reapLeftovers` repairs what it left.',
  });
}

const missing = (operation: string, volume: string, name: string): HoldfastFailure =>
  new HoldfastFailure('FenceMissing', { operation, object: volume, cause: `no container ${name} stands`, hint: 'Nothing was changed by this step; somebody may have removed the fence by hand. Run `reapLeftovers`, then start again.' });

const vanished = (volume: string, error: unknown): HoldfastFailure =>
  new HoldfastFailure('DockerUnreachable', { operation: 'raise the fence', object: volume, cause: 'another\'s fence was being removed at the same moment', hint: 'The step is tried again.' }, { cause: error });
