import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkEngine } from './engine-check.ts';
import { ensurePrivateEngine, isPrivateEngineShared, type Engine } from './engine.ts';
import { ensureImages, testImages } from './images.ts';
import { findLeftovers, removeLeftovers } from './leftovers.ts';
import { describeFailure } from './setup-failure.ts';
import { abortOnSignals, unlessAborted } from './signals.ts';
import { announce, step } from './steps.ts';
import { ensureTemporalCli } from './temporal-cli.ts';
import { startTemporal } from './temporal.ts';
import { tallyReport, type Tally, type VitestReport } from './vitest-report.ts';

const root = dirname(import.meta.dirname);
const bin = join(root, 'node_modules', '.bin');

/** The tag of the tests that only `npm run test:all` runs (docs/decisions/0035). */
const longTag = 'long';

/** Begins the value of the label `dev.holdfast.test` on everything that this run's tests create. */
const testRun = `run${randomBytes(4).toString('hex')}`;

/** Type check, set-up, tests, a look for leftovers; each adds to the one tally that the last line prints. */
async function main(args: readonly string[]): Promise<Tally> {
  const signal = abortOnSignals();
  const typecheck = await checkTypes(signal);
  const engine = await unlessAborted(signal, ensurePrivateEngine(), (late) => late.stop());
  if (!isPrivateEngineShared()) await removeEarlierLeftovers(engine);
  const workDirectory = mkdtempSync(join(tmpdir(), 'holdfast-tests-'));
  try {
    const tests = await setUpAndTest(engine, workDirectory, args, signal);
    return addTallies(typecheck, tests, await tallyLeftovers(engine));
  } finally {
    await engine.stop();
    rmSync(workDirectory, { recursive: true, force: true });
  }
}

async function checkTypes(signal: AbortSignal): Promise<Tally> {
  return step('type check', async () => {
    const exitCode = await runInherited(join(bin, 'tsc'), ['--noEmit', '-p', 'tsconfig.json'], {}, signal);
    return exitCode === 0
      ? { value: tallyOf(0), outcome: 'clean' }
      : { value: tallyOf(1, 'the type check'), outcome: 'FAILED' };
  });
}

/** The engine with its images beside the Temporal program: both can take minutes, on different resources. */
async function setUpAndTest(engine: Engine, workDirectory: string, args: readonly string[], signal: AbortSignal): Promise<Tally> {
  const images = ensureImages(engine, testImages).then(() => checkEngine(engine));
  const [cli] = await unlessAborted(signal, Promise.all([ensureTemporalCli(), images]));
  const temporal = await step('temporal', async () => {
    const server = await startTemporal({ cli, dbFile: join(workDirectory, 'temporal.sqlite'), headless: true });
    return { value: server, outcome: `server of our own at ${server.address}` };
  });
  try {
    const environment = {
      HOLDFAST_TEST_DOCKER_HOST: engine.dockerHost,
      HOLDFAST_TEST_TEMPORAL_ADDRESS: temporal.address,
      HOLDFAST_TEST_RUN: testRun,
      TEMPORAL_CLI: cli,
      // Hundreds of programs are started that load the same modules: half of what a command takes is compiling them.
      NODE_COMPILE_CACHE: join(workDirectory, 'compile-cache'),
      HOLDFAST_TEST_WORKFLOW_BUNDLE: await bundleWorkflows(workDirectory),
    };
    return await runVitest(join(workDirectory, 'report.json'), args, environment, signal);
  } finally {
    await temporal.stop();
  }
}

/** Once for all processes that start workers: each would take a second and a half of a core for it. Loaded here, for it takes the SDK with it. */
async function bundleWorkflows(workDirectory: string): Promise<string> {
  const { workflowSource } = await import('../src/worker/create-worker.ts');
  const { workflowBundle } = await workflowSource();
  if (workflowBundle === undefined || !('code' in workflowBundle)) throw new Error('the workflows were not bundled from their sources');
  const path = join(workDirectory, 'workflow-bundle.js');
  writeFileSync(path, workflowBundle.code);
  return path;
}

async function runVitest(reportFile: string, args: readonly string[], environment: Record<string, string>, signal: AbortSignal): Promise<Tally> {
  announce('tests', 'vitest');
  const all = args[0] === '--all';
  const chosen = all ? args.slice(1) : [`--tags-filter=!${longTag}`, ...args];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const exitCode = await runInherited(process.execPath, [join(bin, 'vitest'), 'run', ...reporters, ...chosen], environment, signal);
  if (!existsSync(reportFile)) {
    return tallyOf(1, `vitest ended with ${exitCode} and wrote no report`);
  }
  const tally = tallyReport(JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport, all ? null : longTag);
  // An error outside any test (an unhandled rejection, a failing global set-up) shows in the exit code alone.
  if (exitCode === 0 || tally.failed > 0) return tally;
  return { ...tally, failed: 1, remarks: [...tally.remarks, `vitest ended with ${exitCode} though no test failed`] };
}

async function removeEarlierLeftovers(engine: Engine): Promise<void> {
  const count = await removeLeftovers(engine.dockerHost);
  if (count > 0) announce('leftovers', `removed ${count} of an earlier run that was cut short`);
}

/** Alone on the engine, whatever is left is a failure; on a shared one, what carries this run's name. */
async function tallyLeftovers(engine: Engine): Promise<Tally> {
  const shared = isPrivateEngineShared();
  const leftovers = await findLeftovers(engine.dockerHost, shared ? testRun : '');
  const remarks = leftovers.map((name) => `left behind: ${name}`);
  if (shared) await step('leftovers', async () => ({ value: undefined, outcome: "others use this engine: looked at what carries this run's name" }));
  return tallyOf(leftovers.length, ...remarks);
}

const tallyOf = (failed: number, ...remarks: readonly string[]): Tally => ({ passed: 0, failed, leftOut: 0, remarks });

function addTallies(...tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, it) => sum + it.passed, 0),
    failed: tallies.reduce((sum, it) => sum + it.failed, 0),
    leftOut: tallies.reduce((sum, it) => sum + it.leftOut, 0),
    remarks: tallies.flatMap((it) => it.remarks),
  };
}

/** An interrupted child gets the signal and the time to clean up after itself; its exit code is the answer. */
function runInherited(program: string, args: readonly string[], environment: Record<string, string>, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
    const interrupt = (): void => void child.kill('SIGINT');
    signal.addEventListener('abort', interrupt, { once: true });
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', interrupt);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(code ?? 1);
    });
  });
}

let tally: Tally;
try {
  tally = await main(process.argv.slice(2));
} catch (error) {
  tally = tallyOf(1, describeFailure(error));
}
for (const remark of tally.remarks) process.stdout.write(`  ${remark}\n`);
if (tally.leftOut > 0) process.stdout.write(`  ${tally.leftOut} further cases of these were left out: npm run test:all runs them too\n`);
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
// Explicit: a handle that a library left open must not keep a finished run from ending.
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
