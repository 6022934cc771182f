/** The containers of a drill: servers on an isolated network, by the names of their components, and what is run beside them. All of it is scratch of its run. */
import type { ContainerRuntime, ContainerSpec } from './container-runtime.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { ScratchIdentity } from './labels.ts';
import { halfTheMemory } from './machine-share.ts';
import { imageVolumeMounts } from './scratch-server.ts';
import { createScratchContainer, createScratchNetwork, createScratchVolume, type ScratchResource } from './scratch.ts';

export type DrillRun = Pick<ScratchIdentity, 'owner' | 'service'>;

const networkOf = (run: DrillRun): ScratchIdentity => ({ ...run, component: 'service', step: 'drill-network' });
const volumeOf = (run: DrillRun, component: string): ScratchIdentity => ({ ...run, component, step: 'drill-data' });
export const drillGuest = (run: DrillRun, step: string): ScratchIdentity => ({ ...run, component: 'service', step });
export const drillServer = (run: DrillRun, component: string): ScratchIdentity => ({ ...run, component, step: 'drill-server' });

/** The one network of a drill. Run again it answers the same. @throws NameTaken, NetworkRefused where the engine answers and makes none */
export async function drillNetwork(runtime: ContainerRuntime, run: DrillRun): Promise<string> {
  try {
    return await createScratchNetwork(runtime, networkOf(run));
  } catch (error) {
    if (!isFailure(error, 'Internal')) throw error;
    throw new HoldfastFailure('NetworkRefused', { ...error.fields, hint: 'A drill runs in no other network. See whether something stands before the engine that forbids it.' }, { cause: error });
  }
}
/** The volume of a component's server, by its name; empty when it is made. @throws NameTaken */
export const drillVolume = (runtime: ContainerRuntime, run: DrillRun, component: string): Promise<string> => createScratchVolume(runtime, volumeOf(run, component));

/** Nobody answers there: a name that no container of the drill has is a name of nothing. */
const nobody = ['127.0.0.1'];
const serverPids = 4096;
/** Of what a guest writes. */
const guestLogMib = 8;

export interface DrillServerRequest extends Pick<ContainerSpec, 'imageId' | 'entrypoint' | 'command' | 'environment' | 'shmSizeBytes'> {
  readonly run: DrillRun;
  readonly component: string;
  /** Further names that it has on the drill's network. */
  readonly names?: readonly string[];
  /** Where it finds its volume. */
  readonly directory: string;
  /** Half of the machine's unless given; never less than what it needs. */
  readonly memoryBytes?: number;
  readonly neededBytes?: number;
  readonly signal: AbortSignal;
}

/** Not started. On the drill's network it is called by its component's name, and no port of it is anywhere else. One left by an earlier attempt goes first. @throws NameTaken, ImageMissing, HelperLost */
export async function createDrillServer(runtime: ContainerRuntime, request: DrillServerRequest): Promise<ScratchResource> {
  const { run, component, directory, names = [], signal, memoryBytes, neededBytes, ...rest } = request;
  const [network, volume] = [await drillNetwork(runtime, run), await drillVolume(runtime, run, component)];
  const declared = (await runtime.findImage(request.imageId))?.volumes ?? [];
  return createScratchContainer(runtime, 'scratch', drillServer(run, component), {
    ...definedIn(rest), network, aliases: [...new Set([component, ...names])], resolvers: nobody, init: true, pidsLimit: serverPids, logDriver: 'json-file', ...memoryBytes === undefined ? await halfTheMemory(runtime, neededBytes) : { memoryBytes },
    // A tmpfs in place of each volume that the image declares, so that none is made.
    mounts: [{ type: 'volume', source: volume, target: directory }, ...declared.filter((target) => target !== directory).map((target) => ({ type: 'tmpfs' as const, source: '', target }))],
  }, signal);
}

export interface DrillGuestRequest extends Pick<ContainerSpec, 'imageId' | 'entrypoint' | 'environment' | 'user' | 'workingDirectory' | 'shmSizeBytes' | 'capabilities'> {
  readonly run: DrillRun;
  readonly step: string;
  readonly command: readonly string[];
  readonly memoryBytes: number;
  readonly pids: number;
  /** Its names on the drill's network; none unless given. */
  readonly names?: readonly string[];
  /** Directories in memory, beside `/tmp` and those that the image declares. */
  readonly tmpfs?: readonly string[];
  /** Directories on a volume of its own, which goes with it. */
  readonly volumes?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Somebody else's program on the drill's network: the application, its tests, a service of a compose file. Not started. It has no capability unless they are given, no mount but memory and such volumes, and nothing of the host's.
 * @throws NameTaken, ImageMissing, HelperLost
 */
export async function createDrillGuest(runtime: ContainerRuntime, request: DrillGuestRequest): Promise<ScratchResource> {
  const { run, step, memoryBytes, pids, names, tmpfs = [], volumes = [], signal, ...rest } = request;
  const network = await drillNetwork(runtime, run);
  const declared = (await imageVolumeMounts(runtime, request.imageId, [])).map(({ target }) => target);
  const memory = [...new Set(['/tmp', ...tmpfs, ...declared])].filter((target) => !volumes.includes(target));
  return createScratchContainer(runtime, 'scratch', drillGuest(run, step), {
    capabilities: 'none', ...definedIn(rest), network, ...(names === undefined ? {} : { aliases: names }), resolvers: nobody, init: true, memoryBytes, pidsLimit: pids, logDriver: 'json-file', logSizeMib: guestLogMib,
    mounts: [...memory.map((target) => ({ type: 'tmpfs' as const, source: '', target })), ...volumes.map((target) => ({ type: 'volume' as const, source: '', target }))],
  }, signal);
}

/** Without the members that are not given. */
const definedIn = <T extends object>(given: T): T => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
