import type Docker from 'dockerode';
import { connectDocker } from './docker-connection.ts';

const label = 'dev.holdfast.test';

/**
 * Containers, volumes and networks that tests made and did not remove, by name. With `run`, only what carries a label
 * value that begins with it: on a shared engine others are at work.
 */
export async function findLeftovers(dockerHost: string, run = ''): Promise<string[]> {
  return (await list(connectDocker(dockerHost), run)).map((it) => it.name);
}

/**
 * Removes what an earlier run left that was killed, so that it is not held against this one. Only for an engine that
 * nobody else uses. Returns how many things were removed.
 */
export async function removeLeftovers(dockerHost: string): Promise<number> {
  const leftovers = await list(connectDocker(dockerHost), '');
  for (const leftover of leftovers) await leftover.remove();
  return leftovers.length;
}

/** Containers first: volumes and networks cannot be removed while one uses them. */
async function list(docker: Docker, run: string): Promise<{ name: string; remove(): Promise<unknown> }[]> {
  const filters = { label: [label] };
  const isOurs = (it: { Labels?: unknown }): boolean => ((it.Labels as Record<string, string> | null)?.[label] ?? '').startsWith(run);
  const containers = await docker.listContainers({ all: true, filters });
  const volumes = await docker.listVolumes({ filters });
  const networks = await docker.listNetworks({ filters });
  return [
    ...containers.filter(isOurs).map((it) => ({
      name: `container ${it.Names[0]?.slice(1) ?? it.Id}`,
      remove: () => docker.getContainer(it.Id).remove({ force: true, v: true }),
    })),
    ...(volumes.Volumes ?? []).filter(isOurs).map((it) => ({ name: `volume ${it.Name}`, remove: () => docker.getVolume(it.Name).remove() })),
    ...networks.filter(isOurs).map((it) => ({ name: `network ${it.Name}`, remove: () => docker.getNetwork(it.Id).remove() })),
  ];
}
