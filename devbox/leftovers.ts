import { connectDocker } from './docker-connection.ts';

const label = 'dev.holdfast.test';

/**
 * Containers, volumes and networks that tests made and did not remove, by name. With `run`, only what carries a label
 * value that begins with it: on a shared engine others are at work.
 */
export async function findLeftovers(dockerHost: string, run = ''): Promise<string[]> {
  const docker = connectDocker(dockerHost);
  const filters = { label: [label] };
  const isOurs = (it: { Labels?: unknown }): boolean => ((it.Labels as Record<string, string> | null)?.[label] ?? '').startsWith(run);
  const containers = await docker.listContainers({ all: true, filters });
  const volumes = await docker.listVolumes({ filters });
  const networks = await docker.listNetworks({ filters });
  return [
    ...containers.filter(isOurs).map((it) => `container ${it.Names[0]?.slice(1) ?? it.Id}`),
    ...(volumes.Volumes ?? []).filter(isOurs).map((it) => `volume ${it.Name}`),
    ...networks.filter(isOurs).map((it) => `network ${it.Name}`),
  ];
}
