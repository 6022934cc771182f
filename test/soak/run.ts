/** `npm run test:soak [-- --runs 20]`: equality under load, again and again. Prints each run; exits 1 unless every one is proven, equal and under enough load. */
import { parseArgs } from 'node:util';
import { abortOnSignals } from '../../devbox/signals.ts';
import { openEnvironment } from '../chaos/environment.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';
import { equalityRun, type EqualityRun } from './equality-run.ts';
import { seedLoad } from './load.ts';
import { leastRowsPerSecond } from './least-load.ts';

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const isGood = (run: EqualityRun): boolean => run.proof === 'proven' && run.differences.length === 0 && run.rowsPerSecond >= leastRowsPerSecond;

async function soak(service: ServiceFixture, signal: AbortSignal): Promise<boolean> {
  await seedLoad(service);
  const runs: EqualityRun[] = [];
  for (let number = 1; number <= Number(options.runs) && !signal.aborted; number += 1) {
    const run = await equalityRun(service);
    runs.push(run);
    say(`${isGood(run) ? 'ok      ' : 'VIOLATED'} ${String(number).padStart(2)}  ${run.backupId}  ${run.proof}  ${run.rowsPerSecond} rows/s, ${run.transactionsPerSecond} transactions/s, Redis ${run.redisWritesPerSecond} writes/s in a dump of ${(run.dumpMs / 1000).toFixed(1)} s`);
    for (const difference of run.differences) say(`         ${difference}`);
  }
  const rates = runs.map((run) => run.rowsPerSecond).sort((a, b) => a - b);
  say(`${runs.filter(isGood).length} of ${options.runs} runs proven and equal; rows of the service's tables written per second during the dump: least ${rates[0]}, median ${rates[Math.floor(rates.length / 2)]}`);
  return runs.filter(isGood).length === Number(options.runs);
}

const signal = abortOnSignals();
const environment = await openEnvironment();
let good = false;
try {
  const service = await startServiceFixture();
  try {
    good = await soak(service, signal);
  } finally {
    await service.stop();
  }
} finally {
  await environment.stop();
}
process.exit(good ? 0 : 1);
