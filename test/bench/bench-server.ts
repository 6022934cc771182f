/** A PostgreSQL server of a bench's own: a container and a volume that carry the bench's label. */
import type { MountSpec } from '../../src/containers/container-runtime.ts';
import { testLabel } from '../support/test-environment.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { BenchPlace } from './environment.ts';

export interface BenchServer {
  readonly container: string;
  readonly id: string;
  readonly volume: string;
  /** Where the volume is mounted. */
  readonly target: string;
  /** Unaligned tuples of the database `shop`. */
  sql(text: string): Promise<string>;
  /** One command in its container, as the server's user. */
  exec(argv: readonly string[]): Promise<string>;
  /** What it said last, where its container has ended; null while it has not. */
  lastWords(): Promise<string | null>;
  /** Nothing that was made for it stays. */
  remove(): Promise<void>;
}

export interface ServerOptions {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly mounts?: readonly MountSpec[];
}

const longMs = 3_600_000;
const shmBytes = 256 * 1024 ** 2;

/** Created, and not started: its volume is empty. */
export async function createServer({ runtime, prefix }: BenchPlace, options: ServerOptions): Promise<BenchServer> {
  const container = `${prefix}-${options.name}`;
  const volume = `${container}-data`;
  const image = await runtime.findImage(options.image);
  const target = image?.volumes[0];
  if (image === null || target === undefined) throw new Error(`the image ${options.image} is missing on the engine, or has no volume`);
  await runtime.createVolume(volume, { [testLabel]: prefix });
  const { id } = await runtime.create({
    name: container, imageId: image.id, command: options.command ?? [], labels: { [testLabel]: prefix }, network: 'none', logDriver: 'json-file', shmSizeBytes: shmBytes, init: true,
    environment: { POSTGRES_HOST_AUTH_METHOD: 'trust', POSTGRES_DB: 'shop', ...options.environment }, mounts: [{ type: 'volume', source: volume, target }, ...options.mounts ?? []],
    ...(options.entrypoint === undefined ? {} : { entrypoint: options.entrypoint }),
  });
  const exec = async (argv: readonly string[], stdin?: string): Promise<string> => {
    const result = await runtime.exec(id, { argv, user: 'postgres', timeoutMs: longMs, ...(stdin === undefined ? {} : { stdin }) });
    if (result.exitCode !== 0) throw new Error(`${argv.join(' ').slice(0, 200)} exited ${result.exitCode}: ${result.stderr.slice(-1000)}`);
    return result.stdout.trim();
  };
  return {
    container, id, volume, target,
    sql: (text) => exec(['psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'shop', '-f', '-'], text),
    exec: (argv) => exec(argv),
    lastWords: async () => ((await runtime.inspect(id)).state === 'exited' ? runtime.logs(id, 4_096) : null),
    remove: async () => {
      await runtime.remove(id);
      await runtime.removeVolume(volume);
    },
  };
}

/** A new cluster in it, answering. Over TCP: the server that initialises it listens on its socket only. */
export async function startServer(place: BenchPlace, options: ServerOptions): Promise<BenchServer> {
  const server = await createServer(place, options);
  await place.runtime.start(server.id);
  await waitFor(async () => (await server.sql('SELECT 1')) === '1');
  return server;
}

const lookEveryMs = 50;

/** Returns when it answers this with `t`; until then, whatever it answers, it does not serve. @throws where its container has ended */
export async function untilServing(server: BenchServer, sql: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await server.sql(sql).then((answer) => answer === 't', () => false)) return;
    const words = await server.lastWords();
    if (words !== null) throw new Error(`${server.container} ended: ${words.slice(-1000)}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  throw signal.reason;
}
