import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkEngine } from './engine-check.ts';
import { engineVersion } from './docker-connection.ts';
import { enginePaths, ensurePrivateEngine, privateEnginePid, stopKeptEngine } from './engine.ts';
import { ensureImages, testImages } from './images.ts';
import { endProcess, livingPid } from './process-identity.ts';
import { describeFailure, SetupFailure } from './setup-failure.ts';
import { runtimeDirectory, stateFolder } from './state-directory.ts';
import { ensureTemporalCli } from './temporal-cli.ts';
import { startTemporal } from './temporal.ts';
import { step } from './steps.ts';

/** What `up` leaves behind for `status` and `down`. */
interface KeptTemporal {
  identity: string;
  address: string;
  uiAddress: string | undefined;
  cli: string;
}

const keptFile = join(runtimeDirectory(), 'temporal.json');

/** Starts engine, images and a Temporal server that stay, and prints how tests and shells find them. Idempotent. */
async function up(): Promise<void> {
  const engine = await ensurePrivateEngine({ keep: true });
  const [, cli] = await Promise.all([ensureImages(engine, testImages), ensureTemporalCli()]);
  await checkEngine(engine);
  const temporal = readKept() ?? (await startKeptTemporal(cli));
  printExports(temporal);
}

/** Ends what `up` started and nothing else. Images and caches stay. */
async function down(): Promise<void> {
  const temporal = readKept();
  if (temporal) await endProcess(temporal.identity, 15_000);
  rmSync(keptFile, { force: true });
  const engine = await stopKeptEngine();
  process.stdout.write(`  temporal       ${temporal ? 'stopped' : 'not running'}\n  docker engine  ${engine}\n`);
}

async function status(): Promise<void> {
  const { dockerHost } = enginePaths();
  const version = await engineVersion(dockerHost);
  const temporal = readKept();
  process.stdout.write(
    `  docker engine  ${version ? `${version}, process ${privateEnginePid()}` : 'not running'}\n` +
      `  temporal       ${temporal ? `${temporal.address}, UI ${temporal.uiAddress}` : 'not running'}\n`,
  );
  if (temporal && version) printExports(temporal);
  else process.exitCode = 1;
}

async function startKeptTemporal(cli: string): Promise<KeptTemporal> {
  return step('temporal', async () => {
    const server = await startTemporal({ cli, dbFile: join(stateFolder('temporal'), 'devbox.sqlite'), keep: true });
    const kept = { identity: server.identity, address: server.address, uiAddress: server.uiAddress, cli };
    mkdirSync(runtimeDirectory(), { recursive: true });
    writeFileSync(keptFile, JSON.stringify(kept));
    return { value: kept, outcome: `server at ${server.address}, UI ${server.uiAddress}` };
  });
}

function readKept(): KeptTemporal | undefined {
  if (!existsSync(keptFile)) return undefined;
  const kept = JSON.parse(readFileSync(keptFile, 'utf8')) as KeptTemporal;
  return livingPid(kept.identity) === undefined ? undefined : kept;
}

function printExports(temporal: KeptTemporal): void {
  process.stdout.write(
    `export HOLDFAST_TEST_DOCKER_HOST=${enginePaths().dockerHost}\n` +
      `export HOLDFAST_TEST_TEMPORAL_ADDRESS=${temporal.address}\n` +
      `export TEMPORAL_CLI=${temporal.cli}\n`,
  );
}

const commands: Record<string, () => Promise<void>> = { up, down, status };

try {
  const command = commands[process.argv[2] ?? ''];
  if (!command) throw new SetupFailure('devbox needs a word', 'npm run devbox -- up | down | status');
  await command();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}
