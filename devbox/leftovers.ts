import { connectDocker } from './docker-connection.ts';

const label = 'dev.holdfast.test';

/** Containers, volumes and networks that the tests made and did not remove, by name. Every one is a failure. */
export async function findLeftovers(dockerHost: string): Promise<string[]> {
  const docker = connectDocker(dockerHost);
  const filters = { label: [label] };
  const containers = await docker.listContainers({ all: true, filters });
  const volumes = await docker.listVolumes({ filters });
  const networks = await docker.listNetworks({ filters });
  return [
    ...containers.map((it) => `container ${it.Names[0]?.slice(1) ?? it.Id}`),
    ...(volumes.Volumes ?? []).map((it) => `volume ${it.Name}`),
    ...networks.map((it) => `network ${it.Name}`),
  ];
}
