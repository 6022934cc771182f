/** Throwaway database servers: a restored copy has to start and answer somewhere that nobody else can reach. */
import { HoldfastFailure } from '../domain/failures.ts';
import type { ContainerRuntime, ContainerSpec, MountSpec } from './container-runtime.ts';
import type { ScratchIdentity } from './labels.ts';
import { createScratchContainer } from './scratch.ts';
import type { ScratchResource } from './scratch.ts';

export interface ScratchServerRequest {
  readonly identity: ScratchIdentity;
  readonly imageId: string;
  /** The image's own unless given. */
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  /** Visible in `docker inspect`, so never a secret that is used anywhere else. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Besides, and as visible as there: those of this container. */
  readonly environmentOf?: string;
  readonly user?: string;
  /** `none` unless given: a copy of production data listens to nobody, and its code reaches nothing (databases.md L11). */
  readonly network?: string;
  /** An empty volume name is an anonymous volume, gone with the server. The image's own volumes need none: they become anonymous ones. */
  readonly mounts?: readonly MountSpec[];
  /** None unless given: what is restored for good has to come up, however much that takes (machine-share.ts). */
  readonly memoryBytes?: number;
  readonly shmSizeBytes?: number;
  /** The engine's defaults unless given: images' entrypoints change owner and user. */
  readonly capabilities?: NonNullable<ContainerSpec['capabilities']>;
  readonly signal: AbortSignal;
}

const pidsLimit = 4096;

/**
 * Creates the server of a step, not yet started: files can be put in before (container-files.ts), then `runtime.start(server.id)`. One left
 * by an earlier attempt of the same run and step is removed first, with its anonymous volumes. It restarts by no policy and keeps no log but
 * the engine's own, which `runtime.logs` reads. Removed by `removeScratch`, at the latest when its run is over.
 * @throws NameTaken, ImageMissing, HelperLost (another attempt was quicker)
 */
export async function createScratchServer(runtime: ContainerRuntime, request: ScratchServerRequest): Promise<ScratchResource> {
  const { identity, signal, network, mounts, ...rest } = request;
  const given = mounts ?? [];
  return createScratchContainer(runtime, 'scratch', identity, {
    ...rest,
    network: network ?? 'none',
    mounts: [...given, ...await imageVolumeMounts(runtime, request.imageId, given)],
    init: true,
    pidsLimit,
    logDriver: 'json-file',
  }, signal);
}

/**
 * Anonymous volumes in place of the ones that the image declares and no mount covers: the engine would make them anyway, but without
 * labels nobody could find them again. @throws ImageMissing
 */
export async function imageVolumeMounts(runtime: ContainerRuntime, imageId: string, mounts: readonly MountSpec[]): Promise<readonly MountSpec[]> {
  const image = await runtime.findImage(imageId);
  if (image === null) {
    throw new HoldfastFailure('ImageMissing', {
      operation: 'create container', object: imageId, cause: 'the engine has no such image', hint: 'Pull or load the image that the database runs from; Holdfast pulls nothing.',
    });
  }
  const covered = new Set(mounts.map((mount) => mount.target));
  return image.volumes.filter((target) => !covered.has(target)).map((target) => ({ type: 'volume', source: '', target }));
}
