/** What proofs and drills cost beside a backup of the same service, and how much of a drill is not work on its data; a demo service, interleaved rounds. */
import { join } from 'node:path';
import { startDemoService } from '../../../devbox/demo/demo-service.ts';
import type { DemoService } from '../../../devbox/demo/demo-shape.ts';
import type { Config } from '../../../src/config/config.ts';
import type { RunDrillResult } from '../../../src/workflows/run-drill/messages.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import type { BenchArguments } from '../arguments.ts';
import { startBenchWorker, type BenchWorker } from '../bench-worker.ts';
import { inBench } from '../environment.ts';
import { goal, goalLine, type Goal } from '../goals.ts';
import { median, medianOf, table, timed, type Sample } from '../measure.ts';
import { ownTime, stepsText, type DrillTime } from './own-time.ts';

const defaults = { sizeMb: 1000, rounds: 3 };
const name = 'bench-drill';
const names = { backup: 'backup, counts and hashes', proof: 'its proof', drill: 'its drill, from the request to the report' } as const;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Measured {
  readonly samples: readonly Sample[];
  readonly drills: readonly DrillTime[];
  /** Of the last drill. */
  readonly steps: string;
}

export function benchDrill(options: BenchArguments): Promise<boolean> {
  return inBench('drill', [['postgres:17', 'redis:8']], async ({ dockerHost, directory, prefix, temporal, signal, atEnd }) => {
    const sizes = options.sizesMb.length === 0 ? [defaults.sizeMb] : options.sizesMb;
    for (const sizeMb of sizes) {
      say(`${sizeMb} MB: seeding`);
      const service = await startDemoService({ dockerHost, prefix, label: 'dev.holdfast.test', sizeMb, port: null, startPaused: true, signal });
      const worker = await startBenchWorker({ config: configOf(service, directory), address: temporal.address, dockerHost, directory, environment: { HOLDFAST_STATE_DIR: join(directory, 'state') } });
      atEnd(() => worker.kill());
      report(sizeMb, await inRounds(worker, options.rounds ?? defaults.rounds, signal));
      await worker.stop();
    }
    return true;
  });
}

async function inRounds(worker: BenchWorker, rounds: number, signal: AbortSignal): Promise<Measured> {
  const samples: Sample[] = [];
  const drills: DrillTime[] = [];
  let steps = '';
  const add = async (what: string, work: () => Promise<unknown>): Promise<number> => {
    signal.throwIfAborted();
    const seconds = await timed(work);
    samples.push({ name: what, seconds });
    say(`  ${what.padEnd(52)} ${seconds.toFixed(2).padStart(8)} s`);
    return seconds;
  };
  for (let round = 1; round <= rounds; round += 1) {
    let backup = '';
    await add(names.backup, async () => (backup = (await worker.run<TakeBackupResult>('takeBackup', { service: name })).result.backupId));
    await add(names.proof, () => worker.run('proveBackup', { service: name, backup }));
    worker.calls.splice(0);
    // One that is not proven, or misses an objective, is no result: it fails.
    const wholeSeconds = await add(names.drill, () => worker.run<RunDrillResult>('runDrill', { service: name, backup }));
    drills.push(ownTime(worker.calls, wholeSeconds));
    steps = stepsText(worker.calls);
  }
  return { samples, drills, steps };
}

function report(sizeMb: number, { samples, drills, steps }: Measured): void {
  const goals: readonly Goal[] = [
    goal('a proof, of its backup\'s time (goal 2)', medianOf(samples, names.proof) / medianOf(samples, names.backup), (ratio) => ratio <= 2),
    goal('a drill\'s own time over the work on the data, s (goal 5)', median(drills.map(({ ownSeconds }) => ownSeconds)), (seconds) => seconds <= 5),
  ];
  say(`\n${sizeMb} MB\n${table(samples)}\nwork on the data in a drill, s: ${drills.map(({ dataSeconds }) => dataSeconds.toFixed(2)).join(', ')}; its own: ${drills.map(({ ownSeconds }) => ownSeconds.toFixed(2)).join(', ')}\nsteps of the last drill:\n${steps}\n\n${goals.map(goalLine).join('\n')}`);
}

function configOf(service: DemoService, directory: string): Config {
  return {
    services: [{
      name, host: 'bench', version: null, contentHashes: true, proveAfterBackup: false, skewLimitMs: 60_000, repositories: ['local'], application: null, health: null,
      approval: { required: [], fourEyes: false, approvers: [], expiresAfterMs: 600_000 },
      components: [
        { engine: 'postgres', name: 'postgres', container: service.postgres.container, database: service.postgres.database, user: service.postgres.user },
        { engine: 'redis', name: 'redis', container: service.redis.container },
      ],
    }],
    repositories: [{ name: 'local', path: directory }], host: 'bench', queuePrefix: name, path: null, notices: [],
  };
}
