/** What a backup keeps of the server that it was taken from, and of how its container was made. */
import type { ServerFacts } from '../domain/backup-manifest.ts';
import type { ContainerSetUp } from '../domain/container-set-up.ts';
import { withoutSecrets } from '../domain/without-secrets.ts';
import type { ContainerFacts, ContainerRuntime, ImageFacts } from './container-runtime.ts';

/** Reads only. @param version the server's own version text */
export async function serverFacts(runtime: ContainerRuntime, container: ContainerFacts, version: string): Promise<ServerFacts & Required<Pick<ServerFacts, 'setUp'>>> {
  const { environment = {}, options = [], digests = [] } = await runtime.findImage(container.imageId) ?? {};
  const digest = digestOf(container.image, digests);
  return { container: container.name, containerId: container.id, image: container.image, imageId: container.imageId, ...(digest === undefined ? {} : { imageDigest: digest }), version, setUp: withoutSecrets(setUpOf(container, { environment, options })) };
}

/** Of the registry that its name says, where an image was pulled from several. Pure. @param image the name that the container was made by */
export function digestOf(image: string, digests: readonly string[]): string | undefined {
  const name = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return digests.find((each) => each.startsWith(`${name}@`)) ?? digests[0];
}

/** What the image sets itself is left out: made again from it, it is there by itself. Pure. */
export function setUpOf(container: ContainerFacts, { environment, options }: Pick<ImageFacts, 'environment' | 'options'>): ContainerSetUp {
  return {
    name: container.name, image: container.image, entrypoint: container.entrypoint, command: container.command.slice(container.entrypoint.length), user: container.user,
    environmentNames: container.environmentNames.filter((name) => environment[name] === undefined),
    places: Object.fromEntries(Object.entries(container.placeVariables).filter(([name, value]) => environment[name] !== value)),
    // What lies in memory is among the options, with its size.
    mounts: container.mounts.flatMap(({ type, source, destination, writable }) => (type === 'other' || type === 'tmpfs' || source === null ? [] : [{ type, source, target: destination, writable }])),
    networks: container.networks, ...(Object.keys(container.aliases).length === 0 ? {} : { aliases: container.aliases }), ports: container.ports, labels: container.labels, restart: restartText(container.restartPolicy), init: container.init, shmSizeBytes: container.shmSizeBytes, memoryBytes: container.memoryBytes,
    options: container.options.filter((option) => !options.includes(option)), notCarried: container.notCarried,
  };
}

/** As `docker create --restart` takes it. */
const restartText = ({ name, maximumRetryCount }: ContainerFacts['restartPolicy']): string => (name === 'on-failure' && maximumRetryCount > 0 ? `${name}:${maximumRetryCount}` : name);
