/** Where a bench happens: the private engine, a Temporal server and a directory of its own; all that it made is removed by its label. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { connectDocker } from '../../devbox/docker-connection.ts';
import { removeByLabel } from '../../devbox/demo/demo-containers.ts';
import { ensurePrivateEngine } from '../../devbox/engine.ts';
import { withFileLock } from '../../devbox/file-lock.ts';
import { ensureImages } from '../../devbox/images.ts';
import { abortOnSignals, unlessAborted } from '../../devbox/signals.ts';
import { stateDirectory } from '../../devbox/state-directory.ts';
import { startTemporal, type TemporalServer } from '../../devbox/temporal.ts';
import { ensureTemporalCli } from '../../devbox/temporal-cli.ts';
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { labelNames } from '../../src/containers/labels.ts';
import { testLabel } from '../support/test-environment.ts';

export interface BenchPlace {
  readonly dockerHost: string;
  readonly runtime: ContainerRuntime;
  readonly temporal: TemporalServer;
  /** For repositories, dumps and state; goes at the end. */
  readonly directory: string;
  /** Begins every name; the value of the label that all containers and volumes of the bench carry. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  /** Done at the end, before everything is taken away, also after Ctrl-C: the last that was given comes first. It must not mind being in vain. */
  atEnd(work: () => Promise<void>): void;
}

/**
 * Runs the work there and takes everything away again, also after Ctrl-C: what carries the bench's label, and what the product made for services whose names
 * begin with `bench-` and its name. Fixtures of the tests find the same engine and server.
 * @param images lists of images, the ones that build on others after them
 */
export function inBench<T>(name: string, images: readonly (readonly string[])[], work: (place: BenchPlace) => Promise<T>): Promise<T> {
  // Two of one name would take each other's containers away.
  return withFileLock(join(stateDirectory(), `bench-${name}.lock`), 60_000, () => openBench(name, images, work));
}

async function openBench<T>(name: string, images: readonly (readonly string[])[], work: (place: BenchPlace) => Promise<T>): Promise<T> {
  const signal = abortOnSignals();
  const engine = await ensurePrivateEngine();
  const directory = mkdtempSync(join(tmpdir(), `holdfast-bench-${name}-`));
  const prefix = `holdfast-test-bench-${name}`;
  const endings: (() => Promise<void>)[] = [];
  const clean = async (): Promise<void> => {
    const docker = connectDocker(engine.dockerHost);
    for (const service of await servicesOf(docker, `bench-${name}`)) await removeByLabel(docker, { [labelNames.service]: service });
    await removeByLabel(docker, { [testLabel]: prefix });
  };
  try {
    for (const tags of images) await ensureImages(engine, tags);
    // What a killed bench left.
    await clean();
    const temporal = await startTemporal({ cli: await ensureTemporalCli(), dbFile: join(directory, 'temporal.sqlite'), headless: true });
    process.env['HOLDFAST_TEST_DOCKER_HOST'] = engine.dockerHost;
    process.env['HOLDFAST_TEST_TEMPORAL_ADDRESS'] = temporal.address;
    try {
      const place = { dockerHost: engine.dockerHost, runtime: createDockerRuntime(engine.dockerHost), temporal, directory, prefix, signal, atEnd: (ending: () => Promise<void>) => void endings.unshift(ending) };
      return await unlessAborted(signal, work(place));
    } finally {
      for (const ending of endings) await ending().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
      await temporal.stop();
    }
  } finally {
    await clean();
    rmSync(directory, { recursive: true, force: true });
    await engine.stop();
  }
}

/** Those that something on the engine is labelled with. */
async function servicesOf(docker: Docker, beginning: string): Promise<readonly string[]> {
  const filters = { label: [labelNames.service] };
  const [containers, { Volumes }] = await Promise.all([docker.listContainers({ all: true, filters }), docker.listVolumes({ filters })]);
  const names = [...containers, ...Volumes ?? []].map(({ Labels }) => Labels?.[labelNames.service] ?? '');
  return [...new Set(names)].filter((name) => name.startsWith(beginning));
}
