import { demoHelp, readDemoArguments, type DemoChoices } from './demo-arguments.mjs';
import type { DemoEnvironment } from './demo/demo-environment.ts';
import { ensureEngineForDemo, type Engine } from './engine.ts';
import { demoImages, ensureImages } from './images.ts';
import { describeFailure, Interruption, SetupFailure } from './setup-failure.ts';
import { abortOnSignals, unlessAborted } from './signals.ts';
import { ensureTemporalCli } from './temporal-cli.ts';

/** Sets up what the demo needs, runs it, and gives back what was only borrowed. */
async function main(args: readonly string[]): Promise<void> {
  const { choices, problem } = readDemoArguments(args);
  if (choices === undefined) throw new SetupFailure(problem, 'npm run demo -- --help');
  if (choices.help) return void process.stdout.write(demoHelp);
  // What follows loads Temporal's libraries, which takes a second: not for a slip of the pen.
  if (choices.clean) return (await import('./demo/clean-demos.ts')).cleanDemos();
  const signal = abortOnSignals();
  const engine = await unlessAborted(signal, ensureEngineForDemo(), (late) => late.stop());
  try {
    const { runDemo } = await import('./demo/run.ts');
    await runDemo(await setUp(engine, choices, signal));
  } finally {
    await engine.stop();
  }
}

async function setUp(engine: Engine, choices: DemoChoices, signal: AbortSignal): Promise<DemoEnvironment> {
  const [names, temporalCli] = await unlessAborted(signal, Promise.all([ensureImages(engine, demoImages), ensureTemporalCli()]));
  const nameOf = (tag: string): string => names.get(tag) ?? tag;
  return { dockerHost: engine.dockerHost, privateEngine: !engine.ofUser, images: { postgres: nameOf('postgres:17'), redis: nameOf('redis:8') }, temporalCli, choices, signal };
}

// The terminal may be gone (SIGHUP): what cannot be said any more must not stand in the way of cleaning up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exitCode = error instanceof Interruption ? 130 : 1;
}
// Explicit: an interrupted set-up may still have something under way.
process.exit();
