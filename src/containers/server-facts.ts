/** What a backup keeps of the server that it was taken from, and of how its container was made. */
import type { ServerFacts } from '../domain/backup-manifest.ts';
import { withoutSecrets, type ContainerSetUp } from '../domain/container-set-up.ts';
import type { ContainerFacts, ContainerRuntime } from './container-runtime.ts';

/** Reads only. @param version the server's own version text */
export async function serverFacts(runtime: ContainerRuntime, container: ContainerFacts, version: string): Promise<Required<ServerFacts>> {
  return { container: container.name, containerId: container.id, image: container.image, imageId: container.imageId, version, setUp: withoutSecrets(await setUpOf(runtime, container)) };
}

/** What the image sets itself is left out: made again from it, it is there by itself. */
async function setUpOf(runtime: ContainerRuntime, container: ContainerFacts): Promise<ContainerSetUp> {
  const { environment = {} } = await runtime.findImage(container.imageId) ?? {};
  return {
    name: container.name, image: container.image, entrypoint: container.entrypoint, command: container.command.slice(container.entrypoint.length), user: container.user,
    environmentNames: container.environmentNames.filter((name) => environment[name] === undefined),
    places: Object.fromEntries(Object.entries(container.placeVariables).filter(([name, value]) => environment[name] !== value)),
    mounts: container.mounts.flatMap(({ type, source, destination, writable }) => (type === 'other' || (source === null && type !== 'tmpfs') ? [] : [{ type, source: source ?? '', target: destination, writable }])),
    networks: container.networks, ports: container.ports, labels: container.labels, restart: container.restartPolicy.name, init: container.init, shmSizeBytes: container.shmSizeBytes, memoryBytes: container.memoryBytes,
  };
}
