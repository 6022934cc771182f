/** Making a copy of a service at a moment: its containers, its data, its start. Nothing live changes here, and what is not finished goes with its run. */
import { copiesMadeBy, createCopyServer, isUnfinished, removeCopy, requireFreeName, type ServiceCopy } from '../../containers/copies.ts';
import { copyName } from '../../containers/labels.ts';
import type { ContainerFacts } from '../../containers/container-runtime.ts';
import { findScratchOf, removeScratch } from '../../containers/scratch.ts';
import { liveSizeBytes } from '../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { Component } from '../../domain/service.ts';
import type { FilledCopy } from '../../engines/copy-engine.ts';
import type { EngineContext } from '../../engines/engine-context.ts';
import type { MomentRecovery } from '../../engines/moment-engine.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext } from '../activity-run.ts';
import { sourceOf } from '../artifacts.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { withRecovery, type LocatedPoint } from '../moment/moment-activities.ts';

/** Which server of which copy. */
interface CopyServerInput {
  readonly service: string;
  readonly copy: string;
  readonly component: Component;
  readonly backup: { readonly backupId: string; readonly manifestSha256: string };
}

/** `sizeBytes`: of the live data that it was made of. */
export type FilledStore = FilledCopy & { readonly sizeBytes?: number };

/** What is known of the cluster that is live. */
export interface SightedCluster {
  /** System identifier, decimal. */
  readonly identity: string | null;
  readonly timeline?: number;
  /** Is nothing of a user's there? */
  readonly empty: boolean;
}

export interface CopyAddress {
  readonly component: string;
  readonly container: string;
  /** `127.0.0.1:32768` */
  readonly address: string;
}

export function createCloneActivities(dependencies: ActivityDependencies) {
  const { runtime } = dependencies;
  return {
    /** Reads only; null where there is no such container, or nothing can be told of it: a copy does not need it. @throws DockerUnreachable, HelperLost */
    sightCluster: (input: { service: string; component: Component }): Promise<SightedCluster | null> =>
      inEngineContext(dependencies, input.service, async (context) => {
        try {
          const { pinned, timeline, empty } = await engineOf(dependencies, input.component).inspect(context, input.component, 'look');
          return { identity: pinned.identity, empty, ...(timeline === undefined ? {} : { timeline }) };
        } catch (error) {
          if (isFailure(error) && !error.retryable) return null;
          throw error;
        }
      }),

    /** Before anything is read or made. @throws NameTaken */
    requireCopyName: async (input: { service: string; copy: string; components: readonly string[] }): Promise<void> =>
      requireFreeName(runtime, identityOf(input), input.components),

    /** The container, not started, with its volume and the copy's network: from now on the name is taken. Idempotent. @throws NameTaken, PortTaken, ImageMissing */
    createCopyServer: (input: CopyServerInput & { point: string; hostPort: number | null }): Promise<{ readonly container: string }> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { backup } = await stored(input);
        const { neededBytes: _none, ...server } = await engineOf(dependencies, input.component).copies.server(context, input.component, backup);
        const { name } = await createCopyServer(runtime, { ...server, identity: identityOf(input), component: input.component.name, point: input.point, hostPort: input.hostPort, signal: context.signal });
        return { container: name };
      }),

    /** Its data, from a backup and where there is a way to a moment the log behind it. Run again, it begins anew. @throws AmbiguousState where this run has no such server or has started it, and what the engine throws */
    fillCopy: (input: CopyServerInput & { located?: LocatedPoint }): Promise<FilledStore> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { container } = await ownServer(input);
        if (container.startedAt !== null) throw ambiguous(container.name, 'its server was started already');
        const { backup, source } = await stored(input);
        const fill = (moment: MomentRecovery | null): Promise<FilledCopy> => engineOf(dependencies, input.component).copies.fill(context, input.component, { backup, source, moment }, container.name);
        const filled = input.located === undefined ? await fill(null) : await withRecovery(dependencies, { ...input, located: input.located }, fill);
        return { ...filled, sizeBytes: liveSizeBytes(backup) };
      }),

    /** One after the other; with the last it is a copy. Idempotent. @param input.sizes bytes of their live data, by name @throws AmbiguousState, ContainerNotRunning with a server's last words, HelperLost, DiskFull, DatabaseUnreachable */
    startCopy: (input: { service: string; copy: string; components: readonly Component[]; sizes?: Readonly<Record<string, number>> }): Promise<readonly CopyAddress[]> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const addresses: CopyAddress[] = [];
        for (const component of input.components) addresses.push(await startServer(context, component, await ownServer({ ...input, component }), input.sizes?.[component.name] ?? 0));
        return addresses;
      }),

    /** Whatever this run has made of it, finished or not: for a run that does not come to its end. Idempotent. @throws LeftoversRemain */
    async discardCopy(input: { service: string; copy: string }): Promise<readonly string[]> {
      const owner = currentOwner(dependencies);
      // What still works on its volumes holds them.
      for (const scratch of await findScratchOf(runtime, owner)) await removeScratch(runtime, scratch);
      const removed: string[] = [];
      for (const copy of await copiesMadeBy(runtime, owner, input.service)) if (copy.copy === input.copy) removed.push(...await removeCopy(runtime, copy));
      return removed;
    },
  };

  function identityOf({ service, copy }: { readonly service: string; readonly copy: string }) {
    return { maker: currentOwner(dependencies), service, copy };
  }

  /** @throws PlanChanged where the manifest is another one than the run found */
  async function stored({ service, component, backup: { backupId, manifestSha256 } }: CopyServerInput) {
    const repository = firstRepository(dependencies, service);
    const { manifest, sha256 } = await repository.readManifest(service, backupId);
    const backup = manifest.components.find((each) => each.component === component.name);
    if (sha256 === manifestSha256 && backup !== undefined) return { backup, source: sourceOf(repository, manifest) };
    throw new HoldfastFailure('PlanChanged', { operation: 'make the copy', object: backupId, cause: 'the backup is another one than was found at first', hint: 'Start again.' });
  }

  async function ownServer(input: { readonly service: string; readonly copy: string; readonly component: Component }): Promise<{ readonly copy: ServiceCopy; readonly container: ContainerFacts }> {
    const name = copyName(input, input.component.name);
    const copy = (await copiesMadeBy(runtime, currentOwner(dependencies), input.service)).find((each) => each.copy === input.copy);
    const container = copy?.containers.find((each) => each.name === name);
    if (copy !== undefined && container !== undefined) return { copy, container };
    throw ambiguous(name, 'this run has made no such server');
  }

  async function startServer(context: EngineContext, component: Component, { container: { id, name } }: { readonly container: ContainerFacts }, sizeBytes: number): Promise<CopyAddress> {
    await runtime.start(id);
    const { copies } = engineOf(dependencies, component);
    await copies.waitUntilReady(context, component, id, sizeBytes);
    const [address] = Object.values((await runtime.inspect(id)).addresses).flat();
    if (address !== undefined) return { component: component.name, container: name, address };
    throw ambiguous(name, 'it runs, and the engine has published no port of it');
  }
}

const ambiguous = (object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('AmbiguousState', { operation: 'make the copy', object, cause, hint: 'Nothing live was changed. Look at it with `docker inspect`; then start again under another name.' });

/** What an ended run has left of copies that were never finished. */
export async function removeUnfinishedCopies(dependencies: Pick<ActivityDependencies, 'runtime'>, owner: Parameters<typeof copiesMadeBy>[1], service: string): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const copy of await copiesMadeBy(dependencies.runtime, owner, service)) if (isUnfinished(copy)) removed.push(...await removeCopy(dependencies.runtime, copy));
  return removed;
}
