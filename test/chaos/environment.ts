/** Where a chaos run happens: an engine and a Temporal server of its own, or those that the environment names (a kept devbox). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePrivateEngine } from '../../devbox/engine.ts';
import { demoImages, ensureImages } from '../../devbox/images.ts';
import { ensureTemporalCli } from '../../devbox/temporal-cli.ts';
import { startTemporal } from '../../devbox/temporal.ts';

export interface ChaosEnvironment {
  readonly temporalCli: string;
  readonly workDirectory: string;
  stop(): Promise<void>;
}

/** Exports HOLDFAST_TEST_DOCKER_HOST and HOLDFAST_TEST_TEMPORAL_ADDRESS for all that follows in this process and its children. */
export async function openEnvironment(): Promise<ChaosEnvironment> {
  const workDirectory = mkdtempSync(join(tmpdir(), 'holdfast-chaos-run-'));
  const temporalCli = await ensureTemporalCli();
  // What the keepers of logs note; a worker of this machine's own notes the same elsewhere.
  process.env['HOLDFAST_STATE_DIR'] = join(workDirectory, 'state');
  const remove = (): void => rmSync(workDirectory, { recursive: true, force: true });
  if (process.env['HOLDFAST_TEST_DOCKER_HOST'] !== undefined && process.env['HOLDFAST_TEST_TEMPORAL_ADDRESS'] !== undefined) {
    process.stdout.write('  on the engine and server that HOLDFAST_TEST_… name\n');
    return { temporalCli, workDirectory, stop: async () => remove() };
  }
  const engine = await ensurePrivateEngine();
  await ensureImages(engine, demoImages);
  const temporal = await startTemporal({ cli: temporalCli, dbFile: join(workDirectory, 'temporal.sqlite'), headless: true });
  process.env['HOLDFAST_TEST_DOCKER_HOST'] = engine.dockerHost;
  process.env['HOLDFAST_TEST_TEMPORAL_ADDRESS'] = temporal.address;
  return {
    temporalCli, workDirectory,
    stop: async () => {
      await temporal.stop();
      await engine.stop();
      remove();
    },
  };
}
