import { spawn } from 'node:child_process';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { findProgram, lastLines, runCommand } from './run-command.ts';
import { SetupFailure } from './setup-failure.ts';
import { stateFolder } from './state-directory.ts';
import { announce, step } from './steps.ts';

const version = '1.5.1';
const goPackage = `github.com/temporalio/cli/cmd/temporal@v${version}`;
const downloadSilenceMs = 20_000;

/**
 * The path of a Temporal CLI, whose `server start-dev` is the server of tests and demo: TEMPORAL_CLI, the path, our
 * cache, the SDK's own download, and last a build with Go. Idempotent; the download and the build happen once.
 */
export async function ensureTemporalCli(): Promise<string> {
  return step('temporal cli', async () => {
    const chosen = process.env['TEMPORAL_CLI'];
    if (chosen) return { value: await requireAnswer(chosen), outcome: 'as TEMPORAL_CLI says' };
    const onPath = await findProgram('temporal');
    if (onPath && (await answers(onPath))) return { value: onPath, outcome: 'found on the path' };
    return withFileLock(join(stateFolder('temporal'), 'cli.lock'), 900_000, fromCacheOrNew);
  });
}

async function fromCacheOrNew(): Promise<{ value: string; outcome: string }> {
  const built = join(stateFolder('temporal'), `temporal-${version}`);
  if (await answers(built)) return { value: built, outcome: `${version} from the cache` };
  const downloads = stateFolder('temporal', 'downloads');
  const cached = await findDownload(downloads);
  if (cached) return { value: cached, outcome: "the SDK's download, from the cache" };
  announce('temporal cli', "trying the Temporal SDK's own download");
  await download(downloads);
  const downloaded = await findDownload(downloads);
  if (downloaded) return { value: downloaded, outcome: 'downloaded by the Temporal SDK' };
  await buildWithGo(built);
  return { value: built, outcome: `${version} built with Go` };
}

async function requireAnswer(program: string): Promise<string> {
  if (await answers(program)) return program;
  throw new SetupFailure(`TEMPORAL_CLI=${program} does not run`, 'unset TEMPORAL_CLI, or set it to the path of the temporal program');
}

async function answers(program: string): Promise<boolean> {
  return (await runCommand(program, ['--version'], { timeoutMs: 15_000 })).exitCode === 0;
}

async function findDownload(folder: string): Promise<string | undefined> {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!name.includes('download') && (await answers(file))) return file;
  }
  return undefined;
}

/** The SDK cannot be told to give up, so it downloads in a process of its own, ended once no bytes arrive any more. */
async function download(folder: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'temporal-download.ts'), folder], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()).on('error', () => resolve()));
  let seenBytes = 0;
  let silentSince = Date.now();
  const watch = setInterval(() => {
    const bytes = folderBytes(folder);
    if (bytes !== seenBytes) silentSince = Date.now();
    seenBytes = bytes;
    if (Date.now() - silentSince > downloadSilenceMs) child.kill('SIGKILL');
  }, 500);
  await ended;
  clearInterval(watch);
}

function folderBytes(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder)) bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

/** Go's caches would stay behind as gigabytes: they go below our own directory and are removed after the build. */
async function buildWithGo(target: string): Promise<void> {
  if (!(await findProgram('go'))) {
    throw new SetupFailure(
      'no Temporal CLI: none on the path, the download is refused, and there is no Go to build it with',
      'install the temporal CLI, or set TEMPORAL_CLI to it, or install Go 1.26, and start again',
    );
  }
  announce('temporal cli', `no download answers; go install ${goPackage} (about 2.5 minutes, once)`);
  const work = stateFolder('temporal', `build-${process.pid}`);
  const env = {
    ...process.env,
    GOBIN: work,
    GOPATH: join(work, 'go'),
    GOMODCACHE: join(work, 'modules'),
    GOCACHE: join(work, 'cache'),
    GOFLAGS: '-modcacherw',
    CGO_ENABLED: '0',
  };
  try {
    const built = await runCommand('go', ['install', '-ldflags=-s -w', goPackage], { env, timeoutMs: 900_000 });
    if (built.exitCode !== 0) {
      throw new SetupFailure(
        `go install ${goPackage} failed: ${lastLines(built.output)}`,
        'check that the Go module proxy answers and that Go is 1.26 or newer, or set TEMPORAL_CLI to a temporal program',
      );
    }
    renameSync(join(work, 'temporal'), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
