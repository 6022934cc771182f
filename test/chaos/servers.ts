/** The two servers as victims, killed once in each runbook: Temporal with its database file kept, and a whole Docker engine. Both are this run's own. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectDocker } from '../../devbox/docker-connection.ts';
import { ensurePrivateEngine, privateEnginePid } from '../../devbox/engine.ts';
import { stateDirectory } from '../../devbox/state-directory.ts';
import { startTemporal, type TemporalServer } from '../../devbox/temporal.ts';
import { waitFor } from '../support/service-fixture.ts';
import { dockerHost } from '../support/test-environment.ts';
import type { ChaosEnvironment } from './environment.ts';
import { parsePoint, pointText } from './fault/fault-point.ts';
import { prepareStage, type CaseResult } from './run-case.ts';
import { startStage } from './stage/stage.ts';
import { runStrikeCase, type Strike } from './victims.ts';

/** In the longest step, and in mid cut-over. */
const points = [
  'takeBackup/backUpComponent:postgres#1/during:runtime.wait#1',
  'proveBackup/proveComponent:postgres#1/during:runtime.wait#1',
  'restoreBackup/prepareComponent:postgres#1/during:runtime.wait#1',
  'restoreBackup/swapComponent:redis#1/during:runtime.wait#1',
  'restoreBackup/openComponent:postgres#1/before',
  'undoRestore/swapComponent:postgres#1/before',
  'acceptRestore/discardRollbackCopy:postgres#1/done:runtime.create#1',
].map(parsePoint);

type Tell = (result: CaseResult) => void;

async function strikeAll(victim: string, strike: Strike, tell: Tell): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  const stage = await startStage();
  try {
    for (const point of points) {
      await prepareStage(stage, point.runbook, null);
      const result = await runStrikeCase(stage, point, victim, strike).catch((error: unknown): CaseResult => ({
        name: `${pointText(point)} ${victim}`, outcome: { status: 'UNKNOWN', failure: null, message: String(error) }, missed: false, reaped: [], seconds: 0,
        violations: [`the case could not be carried out: ${error instanceof Error ? error.stack ?? error.message : String(error)}`],
      }));
      results.push(result);
      tell(result);
    }
  } finally {
    await stage.stop();
  }
  return results;
}

/** Down for as long as a restart takes: the same file, the same port. */
export async function temporalCases(environment: ChaosEnvironment, tell: Tell): Promise<readonly CaseResult[]> {
  const dbFile = join(environment.workDirectory, 'victim.sqlite');
  let server: TemporalServer = await startTemporal({ cli: environment.temporalCli, dbFile, headless: true });
  const port = Number(server.address.split(':').at(-1));
  return withAddress('HOLDFAST_TEST_TEMPORAL_ADDRESS', server.address, async () => {
    try {
      return await strikeAll('Temporal killed', async () => {
        await server.kill();
        await pause(2_000);
        server = await startTemporal({ cli: environment.temporalCli, dbFile, port, headless: true });
      }, tell);
    } finally {
      await server.stop();
    }
  });
}

/** A second engine beside the one that the other cases use; its containers die with it, and policies decide which come back. */
export async function engineCases(tell: Tell): Promise<readonly CaseResult[]> {
  const images = dockerHost();
  const before = process.env['HOLDFAST_DEVBOX_DIR'];
  process.env['HOLDFAST_DEVBOX_DIR'] = join(stateDirectory(), 'chaos-engine');
  let engine = await ensurePrivateEngine();
  try {
    await copyImages(images, engine.dockerHost);
    return await withAddress('HOLDFAST_TEST_DOCKER_HOST', engine.dockerHost, () => strikeAll('Docker engine killed', async () => {
      const pid = privateEnginePid();
      if (pid === undefined) throw new Error('the engine to be killed does not run');
      process.kill(pid, 'SIGKILL');
      await waitFor(async () => privateEnginePid() === undefined, 10_000);
      engine = await ensurePrivateEngine();
    }, tell));
  } finally {
    await engine.stop();
    if (before === undefined) delete process.env['HOLDFAST_DEVBOX_DIR'];
    else process.env['HOLDFAST_DEVBOX_DIR'] = before;
  }
}

async function copyImages(from: string, to: string): Promise<void> {
  for (const tag of ['postgres:17', 'redis:8']) {
    if (await connectDocker(to).getImage(tag).inspect().then(() => true, () => false)) continue;
    const loading = await connectDocker(to).loadImage(await connectDocker(from).getImage(tag).get());
    await new Promise((resolve, reject) => loading.on('end', resolve).on('error', reject).resume());
  }
}

async function withAddress<T>(name: string, address: string, work: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = address;
  try {
    return await work();
  } finally {
    process.env[name] = before;
  }
}
