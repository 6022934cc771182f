/**
 * Who else has a data directory: a server's own lock does not see one in another container (databases.md fact 8), and Redis has none; and the engine gives the same files to two by
 * many ways: a volume's name, its directory on the host, a directory of the host that both mount, or that a volume was made to lead to.
 */
import { posix } from 'node:path';
import type { ContainerFacts, ContainerRuntime, MountFacts, VolumeFacts } from './container-runtime.ts';
import { mountHolding } from './mount-holding.ts';

/** A data directory: its path in a container, and the mount that it lies on there. */
export interface MountedData {
  readonly directory: string;
  /** A volume's name or a host path. */
  readonly source: string;
  readonly type: 'volume' | 'bind';
  readonly target: string;
}

/** Where a container's server keeps its data, if the container alone tells. */
type DataDirectoryOf = (container: ContainerFacts) => string | null;

/**
 * Containers in any state that could write there. What lies above the mount itself belongs to tools that look after a host (all volumes at once, all of /srv), but for a server
 * whose own data directory it is. Links on the host are not followed: the engine does not tell of them. Reads only.
 */
export async function othersOn(runtime: ContainerRuntime, data: MountedData, dataDirectoryOf: DataDirectoryOf = () => null): Promise<readonly ContainerFacts[]> {
  const [containers, volumes] = await Promise.all([runtime.list({}), runtime.listVolumes({})]);
  return sharing(containers, volumes, data, dataDirectoryOf);
}

/** Of these containers those that have it. Pure. */
export function sharing(containers: readonly ContainerFacts[], volumes: readonly VolumeFacts[], data: MountedData, dataDirectoryOf: DataDirectoryOf): readonly ContainerFacts[] {
  const hostPaths = new Map(volumes.map(({ name, hostPath }) => [name, hostPath]));
  const hostPathOf = ({ type, source }: Pick<MountFacts, 'type' | 'source'>): string | null => {
    const path = type === 'bind' ? source : type === 'volume' && source !== null ? hostPaths.get(source) ?? null : null;
    return path === null ? null : trimmed(posix.normalize(path));
  };
  const root = hostPathOf(data);
  const directory = root === null ? null : below(root, data.target, data.directory);

  const has = (container: ContainerFacts, mount: MountFacts): boolean => {
    if (mount.source === null || !mount.writable) return false;
    if (mount.type === data.type && mount.source === data.source) return true;
    const path = hostPathOf(mount);
    if (path === null || root === null || directory === null || !(isWithin(path, directory) || isWithin(directory, path))) return false;
    return isWithin(root, path) || servedFrom(container, dataDirectoryOf(container), hostPathOf) === directory;
  };
  return containers.filter((container) => container.mounts.some((mount) => has(container, mount)));
}

/** The data directory of a container on the engine's host; null where that cannot be told. */
function servedFrom({ mounts }: ContainerFacts, directory: string | null, hostPathOf: (mount: MountFacts) => string | null): string | null {
  if (directory === null) return null;
  const mount = mountHolding(mounts, directory);
  const root = mount === null ? null : hostPathOf(mount);
  return mount === null || root === null ? null : below(root, mount.destination, directory);
}

const trimmed = (path: string): string => path.replace(/\/+$/, '');
/** The same place seen from where a mount lies. */
const below = (root: string, target: string, directory: string): string => trimmed(posix.join(root || '/', posix.relative(target, directory)));
/** Both without a slash at their end. */
const isWithin = (outer: string, inner: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
