/** `npm run demo -- --clean`: takes away what `--keep` left and what killed demos left. Demos that run are left alone. */
import { engineVersion } from '../docker-connection.ts';
import { enginePaths, ensurePrivateEngine, stopKeptEngine } from '../engine.ts';
import { SetupFailure } from '../setup-failure.ts';
import { step } from '../steps.ts';
import { isRunning, readRecords, type DemoRecord } from './demo-record.ts';
import { removeDemo } from './remove-demo.ts';

export async function cleanDemos(): Promise<void> {
  const records = readRecords();
  if (records.length === 0) process.stdout.write('  No demo left anything.\n');
  for (const record of records) {
    // A kept demo's process has ended; a pid file of another boot may name one that lives.
    if (!record.kept && isRunning(record)) process.stdout.write(`  ${record.prefix} still runs (process ${Number.parseInt(record.process, 10)}): Ctrl-C ends it and removes what it made.\n`);
    else await step('demo', async () => ({ value: await clean(record), outcome: `${record.prefix} removed` }));
  }
}

async function clean(record: DemoRecord): Promise<void> {
  const isPrivate = record.dockerHost === enginePaths().dockerHost;
  const engine = isPrivate ? await ensurePrivateEngine() : undefined;
  try {
    if ((await engineVersion(record.dockerHost)) === undefined) throw new SetupFailure(`the Docker engine of ${record.prefix} at ${record.dockerHost} does not answer`, 'start it, and start again');
    await removeDemo(record);
  } finally {
    if (isPrivate) await stopKeptEngine(record.prefix);
    await engine?.stop();
  }
}
