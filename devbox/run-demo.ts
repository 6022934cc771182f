import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunDemo } from './demo/demo-environment.ts';
import { ensureEngineForDemo } from './engine.ts';
import { demoImages, ensureImages } from './images.ts';
import { describeFailure, SetupFailure } from './setup-failure.ts';
import { abortOnSignals, unlessAborted } from './signals.ts';
import { ensureTemporalCli } from './temporal-cli.ts';

/** Sets up what the demo needs, runs it, and gives back what was only borrowed. */
async function main(args: readonly string[]): Promise<number> {
  const signal = abortOnSignals();
  const engine = await ensureEngineForDemo();
  try {
    const setUp = Promise.all([ensureImages(engine, demoImages), ensureTemporalCli()]);
    const [, temporalCli] = await unlessAborted(signal, setUp);
    const runDemo = await loadDemo();
    return await runDemo({ dockerHost: engine.dockerHost, temporalCli, args, signal });
  } finally {
    await engine.stop();
  }
}

async function loadDemo(): Promise<RunDemo> {
  const file = join(import.meta.dirname, 'demo', 'run.ts');
  if (!existsSync(file)) throw new SetupFailure('the set-up is done, but devbox/demo/run.ts is not there', 'update this checkout');
  return ((await import(pathToFileURL(file).href)) as { runDemo: RunDemo }).runDemo;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  // Explicit: an interrupted set-up may still have something under way.
  process.exit(1);
}
