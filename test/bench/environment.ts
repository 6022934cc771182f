/** Where a bench happens: the private engine, a Temporal server and a directory of its own; all that it made is removed by its label. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  /** What carries these labels goes at the end too. */
  alsoRemove(labels: Readonly<Record<string, string>>): void;
}

/**
 * Runs the work there and takes everything away again, also after Ctrl-C. Fixtures of the tests find the same engine and server.
 * @param images lists of images, the ones that build on others after them
 * @param services names of the services that the product keeps something for
 */
export function inBench<T>(name: string, images: readonly (readonly string[])[], services: readonly string[], work: (place: BenchPlace) => Promise<T>): Promise<T> {
  // Two of one name would take each other's containers away.
  return withFileLock(join(stateDirectory(), `bench-${name}.lock`), 60_000, () => openBench(name, images, services, work));
}

async function openBench<T>(name: string, images: readonly (readonly string[])[], services: readonly string[], work: (place: BenchPlace) => Promise<T>): Promise<T> {
  const signal = abortOnSignals();
  const engine = await ensurePrivateEngine();
  const directory = mkdtempSync(join(tmpdir(), `holdfast-bench-${name}-`));
  const prefix = `holdfast-test-bench-${name}`;
  const further: Readonly<Record<string, string>>[] = [];
  const clean = async (): Promise<void> => {
    const docker = connectDocker(engine.dockerHost);
    for (const service of services) await removeByLabel(docker, { [labelNames.service]: service });
    await removeByLabel(docker, { [testLabel]: prefix });
    for (const labels of further) await removeByLabel(docker, labels);
  };
  try {
    for (const tags of images) await ensureImages(engine, tags);
    // What a killed bench left.
    await clean();
    const temporal = await startTemporal({ cli: await ensureTemporalCli(), dbFile: join(directory, 'temporal.sqlite'), headless: true });
    process.env['HOLDFAST_TEST_DOCKER_HOST'] = engine.dockerHost;
    process.env['HOLDFAST_TEST_TEMPORAL_ADDRESS'] = temporal.address;
    try {
      const place = { dockerHost: engine.dockerHost, runtime: createDockerRuntime(engine.dockerHost), temporal, directory, prefix, signal, alsoRemove: (labels: Readonly<Record<string, string>>) => void further.push(labels) };
      return await unlessAborted(signal, work(place));
    } finally {
      await temporal.stop();
    }
  } finally {
    await clean();
    rmSync(directory, { recursive: true, force: true });
    await engine.stop();
  }
}
