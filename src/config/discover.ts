/** Guesses, from what the container engine knows, which containers make up a service. Changes nothing and asks no database. */
import type { ContainerFacts, ContainerRuntime } from '../containers/container-runtime.ts';
import { labelNames } from '../containers/labels.ts';
import { engineOfImage } from '../domain/engine-of-image.ts';
import { isFailure } from '../domain/failures.ts';
import type { EngineName } from '../domain/engine-name.ts';

/** One container that looks like a database, and what could be told without looking inside. */
export interface FoundStore {
  readonly engine: EngineName;
  readonly container: string;
  readonly image: string;
  readonly running: boolean;
  /** Names of environment variables that usually hold its password; their values stay with the engine. */
  readonly passwordVariables: readonly string[];
  /** What the image's own variables say about database and user; null where they say nothing or could not be read. */
  readonly names: { readonly database: string; readonly user: string } | null;
  /** Is its data on a named volume or a bind mount? Anonymous volumes are lost with the container. */
  readonly persistent: boolean;
}

export interface FoundService {
  /** The compose project, or `service` where the containers belong to none. */
  readonly name: string;
  readonly postgres: readonly FoundStore[];
  readonly redis: readonly FoundStore[];
  /** Other running containers of the same project: perhaps the application. */
  readonly others: readonly string[];
}

const projectLabel = 'com.docker.compose.project';
const withoutProject = 'service';
const anonymousVolume = /^[0-9a-f]{64}$/;

/** Every group of containers with at least one database in it, by name. @throws DockerUnreachable */
export async function discoverServices(runtime: ContainerRuntime): Promise<readonly FoundService[]> {
  const services = groupServices(await runtime.list({}));
  return Promise.all(services.map(async (service) => ({
    ...service, postgres: await Promise.all(service.postgres.map(async (store) => ({ ...store, names: store.running ? await readNames(runtime, store.container) : null }))),
  })));
}

/** The two variables that are no secrets, asked for by name so that no other value ever leaves the engine. */
async function readNames(runtime: ContainerRuntime, container: string): Promise<FoundStore['names']> {
  const read = async (name: string): Promise<string | null> => {
    try {
      const { exitCode, stdout } = await runtime.exec(container, { argv: ['printenv', name], timeoutMs: 10_000 });
      return exitCode === 0 ? stdout.trim() : null;
    } catch (error) {
      // A container that ended meanwhile, or has no such program, tells no names: that is said where the file is suggested.
      if (isFailure(error) && error.type !== 'DockerUnreachable') return null;
      throw error;
    }
  };
  const [user, database] = [await read('POSTGRES_USER'), await read('POSTGRES_DB')];
  return user === null && database === null ? null : { user: user ?? 'postgres', database: database ?? user ?? 'postgres' };
}

/** The same from facts alone. Containers that Holdfast made are never part of a service. */
export function groupServices(containers: readonly ContainerFacts[]): readonly FoundService[] {
  const groups = new Map<string, ContainerFacts[]>();
  for (const container of containers) {
    if (container.labels[labelNames.kind] !== undefined) continue;
    const name = serviceName(container.labels[projectLabel]);
    groups.set(name, [...groups.get(name) ?? [], container]);
  }
  return [...groups].map(([name, members]) => foundService(name, members))
    .filter((service) => service.postgres.length + service.redis.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function foundService(name: string, members: readonly ContainerFacts[]): FoundService {
  const stores = members.flatMap((container) => {
    const engine = engineOf(container);
    return engine === null ? [] : [foundStore(engine, container)];
  }).sort((a, b) => Number(b.running) - Number(a.running) || (a.container < b.container ? -1 : 1));
  const taken = new Set(stores.map((store) => store.container));
  return {
    name,
    postgres: stores.filter((store) => store.engine === 'postgres'),
    redis: stores.filter((store) => store.engine === 'redis'),
    // Outside a project nothing ties another container to the databases.
    others: name === withoutProject ? [] : members.filter((each) => each.state === 'running' && !taken.has(each.name)).map((each) => each.name).sort(),
  };
}

function foundStore(engine: EngineName, container: ContainerFacts): FoundStore {
  const wanted = engine === 'postgres' ? /^(POSTGRES_PASSWORD|PGPASSWORD)(_FILE)?$/ : /^(REDIS_PASSWORD|REDISCLI_AUTH|VALKEY_PASSWORD)(_FILE)?$/;
  return {
    engine,
    container: container.name,
    image: container.image,
    running: container.state === 'running',
    passwordVariables: container.environmentNames.filter((name) => wanted.test(name)).sort(),
    names: null,
    persistent: container.mounts.some((mount) => mount.writable && (mount.type === 'bind' || (mount.type === 'volume' && mount.source !== null && !anonymousVolume.test(mount.source)))),
  };
}

/** What a container runs: by its command first (an image can be called anything), then by its image's name, then by its environment. */
export function engineOf(container: Pick<ContainerFacts, 'image' | 'command' | 'environmentNames'>): EngineName | null {
  const program = container.command.map((word) => word.split('/').at(-1) ?? '').find((word) => word !== '' && !word.startsWith('docker-entrypoint'));
  if (program === 'postgres') return 'postgres';
  if (program === 'redis-server' || program === 'valkey-server') return 'redis';
  const image = engineOfImage(container.image);
  if (image === 'companion') return null;
  if (image === 'postgres' || container.environmentNames.includes('PGDATA')) return 'postgres';
  if (image === 'redis' || container.environmentNames.includes('REDIS_VERSION')) return 'redis';
  return null;
}

function serviceName(project: string | undefined): string {
  const cleaned = (project ?? '').replace(/[^A-Za-z0-9_.-]/g, '-').replace(/\.{2,}/g, '.').replace(/^[^A-Za-z0-9]+/, '').slice(0, 63);
  return cleaned === '' ? withoutProject : cleaned;
}
