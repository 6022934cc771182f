import type Docker from 'dockerode';
import { freePort } from '../free-port.ts';
import { SetupFailure } from '../setup-failure.ts';
import type { DemoOptions } from './demo-shape.ts';

type Place = Pick<DemoOptions, 'prefix' | 'label'>;

const portsTried = 20;
/** Nothing of it is secret: it opens a container on a private network that holds invented data. */
export const demoPassword = (prefix: string): string => `${prefix}-password`;

const labels = ({ prefix, label }: Place): Record<string, string> => ({ [label]: prefix });

export async function createNetwork(docker: Docker, options: Place): Promise<void> {
  await docker.createNetwork({ Name: `${options.prefix}-network`, Labels: labels(options) });
}

export async function createPostgres(docker: Docker, options: DemoOptions): Promise<void> {
  const image = options.postgresImage ?? 'postgres:17';
  await createAndStart(docker, options, 'postgres', {
    Image: image,
    Env: [`POSTGRES_PASSWORD=${demoPassword(options.prefix)}`, 'POSTGRES_DB=shop'],
    Cmd: ['-c', 'max_wal_size=4GB', '-c', 'shared_buffers=256MB', '-c', 'max_slot_wal_keep_size=8GB'],
    HostConfig: { Init: true, Mounts: [await dataVolume(docker, options, 'postgres', image)], RestartPolicy: { Name: 'unless-stopped' }, ShmSize: 268_435_456 },
  });
}

export async function createRedis(docker: Docker, options: DemoOptions): Promise<void> {
  const image = options.redisImage ?? 'redis:8';
  await createAndStart(docker, options, 'redis', {
    Image: image,
    Cmd: ['redis-server', '--appendonly', 'yes', ...(options.redisPassword === undefined ? [] : ['--requirepass', options.redisPassword])],
    HostConfig: { Mounts: [await dataVolume(docker, options, 'redis', image)], RestartPolicy: { Name: 'always' } },
  });
}

/** Where the data lies differs between majors: the image says so itself. */
async function dataVolume(docker: Docker, options: Place, what: string, image: string): Promise<Docker.MountConfig[number]> {
  const { Config } = await docker.getImage(image).inspect();
  const [target] = Object.keys(Config.Volumes ?? {});
  if (target === undefined) throw new SetupFailure(`the image ${image} declares no volume for its data`, 'use an official image of PostgreSQL or Redis');
  const name = `${options.prefix}-${what}-data`;
  await docker.createVolume({ Name: name, Labels: labels(options) });
  return { Type: 'volume', Source: name, Target: target };
}

/** Answers the port on loopback. One that is taken is found out by the engine, when it starts the container. */
export async function createApplication(docker: Docker, options: DemoOptions, image: string): Promise<number> {
  const { prefix } = options;
  for (let attempt = 0; attempt < portsTried; attempt += 1) {
    const port = options.port === null ? await freePort() : options.port + attempt;
    try {
      await createAndStart(docker, options, 'app', {
        Image: image,
        Env: [
          `POSTGRES_HOST=${prefix}-postgres`, 'POSTGRES_DB=shop', 'POSTGRES_USER=shop_app', `POSTGRES_PASSWORD=${demoPassword(prefix)}`,
          `REDIS_HOST=${prefix}-redis`, `REDIS_PASSWORD=${options.redisPassword ?? ''}`,
          `ORDERS_PER_SECOND=${options.ordersPerSecond ?? 50}`, `START_PAUSED=${options.startPaused ?? false}`,
        ],
        ExposedPorts: { '8009/tcp': {} },
        HostConfig: { Init: true, PortBindings: { '8009/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] }, RestartPolicy: { Name: 'unless-stopped' } },
      });
      return port;
    } catch (error) {
      if (!/port is already allocated|address already in use/.test((error as Error).message)) throw error;
      await docker.getContainer(`${prefix}-app`).remove({ force: true, v: true });
    }
  }
  throw new SetupFailure(`none of ${portsTried} ports on 127.0.0.1 is free for the demo application`, 'end what listens there, and start again');
}

async function createAndStart(docker: Docker, options: Place, what: string, spec: Docker.ContainerCreateOptions): Promise<void> {
  const container = await docker.createContainer({
    ...spec, name: `${options.prefix}-${what}`, Labels: labels(options), HostConfig: { ...spec.HostConfig, NetworkMode: `${options.prefix}-network` },
  });
  await container.start();
}

/** How many of the containers run, and the application's port. */
export async function findByLabel(docker: Docker, { prefix, label }: Place): Promise<{ runningContainers: number; port: number | undefined }> {
  const containers = await docker.listContainers({ filters: { label: [`${label}=${prefix}`] } });
  const port = containers.flatMap((it) => it.Ports).find((it) => it.PrivatePort === 8009)?.PublicPort;
  return { runningContainers: containers.length, port };
}

/** Containers first, volumes and networks are in use until then. Nothing there is no error. */
export async function removeByLabel(docker: Docker, labels: Readonly<Record<string, string>>): Promise<void> {
  const filters = { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map((it) => unlessGone(docker.getContainer(it.Id).remove({ force: true, v: true }))));
  const { Volumes } = await docker.listVolumes({ filters });
  await Promise.all((Volumes ?? []).map((it) => unlessGone(docker.getVolume(it.Name).remove())));
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map((it) => unlessGone(docker.getNetwork(it.Id).remove())));
}

/** Somebody else may remove the same thing at the same moment: a helper that has ended, another demo that cleans up. */
async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const { statusCode, message } = error as Error & { statusCode?: number };
    if (statusCode !== 404 && !(statusCode === 409 && /already in progress/.test(message))) throw error;
  }
}
