/** The two servers as victims, killed once in each runbook: Temporal with its database file kept, and a whole Docker engine. Both are this run's own. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectDocker } from '../../devbox/docker-connection.ts';
import { ensurePrivateEngine, privateEnginePid } from '../../devbox/engine.ts';
import { withFileLock } from '../../devbox/file-lock.ts';
import { stateDirectory } from '../../devbox/state-directory.ts';
import { startTemporal, type TemporalServer } from '../../devbox/temporal.ts';
import { waitFor } from '../support/service-fixture.ts';
import { dockerHost } from '../support/test-environment.ts';
import type { ChaosCase } from './cases.ts';
import type { ChaosEnvironment } from './environment.ts';
import { parsePoint, pointText, type FaultPoint } from './fault/fault-point.ts';
import { scenarioNamed } from './scenarios.ts';
import { runStrikeCase, type Strike } from './victims.ts';

/** In the longest step, and in mid cut-over. */
const points = [
  'takeBackup/backUpComponent:postgres#1/during:runtime.wait#1',
  'verifyBackup/verifyComponent:postgres#1/during:runtime.wait#1',
  'proveBackup/proveComponent:postgres#1/during:runtime.wait#1',
  'restoreBackup/prepareComponent:postgres#1/during:runtime.wait#1',
  'restoreBackup/swapComponent:redis#1/during:runtime.wait#1',
  'restoreBackup/openComponent:postgres#1/before',
  'restoreBackup+swapFails/rollBackComponent:redis#1/during:runtime.wait#1',
  'undoRestore/swapComponent:postgres#1/before',
  'acceptRestore/discardRollbackCopy:postgres#1/done:runtime.create#1',
  'reapLeftovers/repairRun#1/before',
  'takeBackup+base/backUpComponent:postgres#1/during:runtime.wait#1',
  'restoreToPointInTime/recoverToPoint:postgres#1/during:runtime.wait#1',
  'restoreToPointInTime/swapComponent:postgres#1/during:runtime.wait#1',
  'restoreToPointInTime/beginCutOver#1/during:runtime.wait#1',
  'restoreToPointInTime/finishCutOver#1/done:storage.createExclusive#1',
  'findMoment/narrowMoment:postgres#1/during:runtime.wait#1',
  'cloneService/fillCopy:postgres#1/during:runtime.wait#1',
  'restoreTables+moment/prepareTablesFromMoment:postgres#1/during:runtime.wait#1',
  'archiveWal/watchLogs#1/before',
  'restoreBackup+replace/swapComponent:postgres#1/done:runtime.wait#5',
];

export type ServerVictim = 'temporal' | 'engine';

/** A small volume lies in memory, and is empty when no container holds it any more. */
const diesWithEngine = ({ scenario }: FaultPoint): boolean => scenarioNamed(scenario).room === 'once';

/** The cases of one server; they run where {@link withTemporalVictim} or {@link withEngineVictim} has brought one up to be killed. */
export const serverCases = (victim: ServerVictim, strike: Strike): readonly ChaosCase[] => points.map(parsePoint).filter((point) => victim === 'temporal' || !diesWithEngine(point)).map((point) => {
  const what = victim === 'temporal' ? 'Temporal killed' : 'Docker engine killed';
  return { name: `${pointText(point)} ${what}`, scenario: point.scenario, runbook: point.runbook, victim, run: (setting) => runStrikeCase(setting, point, victim, what, strike) };
});

/** For a list of cases that are not carried out. */
export const unarmed: Strike = async () => false;

/** Down for as long as a restart takes: the same file, the same port. */
export async function withTemporalVictim<T>(environment: Pick<ChaosEnvironment, 'temporalCli' | 'workDirectory'>, work: (strike: Strike) => Promise<T>): Promise<T> {
  const dbFile = join(environment.workDirectory, 'victim.sqlite');
  let server: TemporalServer = await startTemporal({ cli: environment.temporalCli, dbFile, headless: true });
  const port = Number(server.address.split(':').at(-1));
  return withVariable('HOLDFAST_TEST_TEMPORAL_ADDRESS', server.address, async () => {
    try {
      return await work(async () => {
        await server.kill();
        await pause(2_000);
        server = await startTemporal({ cli: environment.temporalCli, dbFile, port, headless: true });
        return true;
      });
    } finally {
      await server.stop();
    }
  });
}

/** Somebody else's run of these cases may need the engine for as long as this. */
const engineWaitMs = 1_800_000;

/** A second engine beside the one that everything else uses, for one run at a time; its containers die with it, and policies decide which come back. */
export async function withEngineVictim<T>(work: (strike: Strike) => Promise<T>): Promise<T> {
  const [images, directory] = [dockerHost(), join(stateDirectory(), 'chaos-engine')];
  return withFileLock(join(directory, 'one-run.lock'), engineWaitMs, () => withVariable('HOLDFAST_DEVBOX_DIR', directory, async () => {
    let engine = await ensurePrivateEngine();
    try {
      await copyImages(images, engine.dockerHost);
      return await withVariable('HOLDFAST_TEST_DOCKER_HOST', engine.dockerHost, () => work(async () => {
        const pid = privateEnginePid();
        if (pid === undefined) return false;
        process.kill(pid, 'SIGKILL');
        await waitFor(async () => privateEnginePid() === undefined, 60_000);
        engine = await ensurePrivateEngine();
        return true;
      }));
    } finally {
      await engine.stop();
    }
  }));
}

/** The same engine as another host beside this one: as long as the work takes, at the address that it is given. */
export function withSecondEngine<T>(work: (address: string) => Promise<T>): Promise<T> {
  const [images, directory] = [dockerHost(), join(stateDirectory(), 'chaos-engine')];
  return withFileLock(join(directory, 'one-run.lock'), engineWaitMs, () => withVariable('HOLDFAST_DEVBOX_DIR', directory, async () => {
    const engine = await ensurePrivateEngine();
    try {
      await copyImages(images, engine.dockerHost);
      return await work(engine.dockerHost);
    } finally {
      await engine.stop();
    }
  }));
}

async function copyImages(from: string, to: string): Promise<void> {
  for (const tag of ['postgres:17', 'redis:8']) {
    const wanted = await connectDocker(from).getImage(tag).inspect();
    if (await connectDocker(to).getImage(tag).inspect().then(({ Id }) => Id === wanted.Id, () => false)) continue;
    const loading = await connectDocker(to).loadImage(await connectDocker(from).getImage(tag).get());
    await new Promise((resolve, reject) => loading.on('end', resolve).on('error', reject).resume());
  }
}

async function withVariable<T>(name: string, value: string, work: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
