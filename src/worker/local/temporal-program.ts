/** The program whose `server start-dev` is the embedded server. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { HoldfastFailure } from '../../domain/failures.ts';
import { siblingModule } from './sibling-module.ts';

const answerMs = 15_000;
/** The SDK's downloader cannot be told to give up: it is ended when no bytes arrive any more. */
const silenceMs = 20_000;
const lookMs = 500;

/** `$TEMPORAL_CLI`, `temporal` on the path, an earlier download, the SDK's own download. @throws TemporalUnreachable with the ways to get it */
export async function findTemporalProgram(environment: NodeJS.ProcessEnv, programs: string, say: (text: string) => void): Promise<string> {
  const chosen = environment['TEMPORAL_CLI'];
  if (chosen) {
    if (await answers(chosen)) return chosen;
    throw missing(`TEMPORAL_CLI=${chosen} does not run`);
  }
  if (await answers('temporal')) return 'temporal';
  const earlier = await downloadedProgram(programs);
  if (earlier !== null) return earlier;
  say('No `temporal` program is on the path: downloading it, once (about 60 MB)');
  await download(programs);
  const downloaded = await downloadedProgram(programs);
  if (downloaded !== null) return downloaded;
  throw missing('no `temporal` program is on the path, and it could not be downloaded');
}

/** What could be used now, without fetching anything; for `doctor`. */
export async function presentTemporalProgram(environment: NodeJS.ProcessEnv, programs: string): Promise<string | null> {
  const chosen = environment['TEMPORAL_CLI'];
  if (chosen) return (await answers(chosen)) ? chosen : null;
  return (await answers('temporal')) ? 'temporal' : downloadedProgram(programs);
}

async function answers(program: string): Promise<boolean> {
  try {
    await promisify(execFile)(program, ['--version'], { timeout: answerMs });
    return true;
  } catch {
    // Not there, not executable, another program: whatever the reason, it is not what we need.
    return false;
  }
}

async function downloadedProgram(programs: string): Promise<string | null> {
  for (const name of await readdir(programs).catch(() => [])) {
    const file = join(programs, name);
    if (!name.includes('download') && (await answers(file))) return file;
  }
  return null;
}

async function download(programs: string): Promise<void> {
  await mkdir(programs, { recursive: true, mode: 0o700 });
  const child = spawn(process.execPath, [siblingModule(import.meta.url, 'download-temporal'), programs], { stdio: 'ignore' });
  let ended = false;
  child.once('close', () => (ended = true)).once('error', () => (ended = true));
  let seenBytes = 0;
  for (let silentSince = Date.now(); !ended && Date.now() - silentSince < silenceMs; await pause(lookMs)) {
    const bytes = await bytesIn(programs);
    if (bytes !== seenBytes) silentSince = Date.now();
    seenBytes = bytes;
  }
  child.kill('SIGKILL');
}

async function bytesIn(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory)) bytes += (await stat(join(directory, name)).catch(() => null))?.size ?? 0;
  return bytes;
}

const missing = (cause: string): HoldfastFailure => new HoldfastFailure('TemporalUnreachable', {
  operation: 'start the embedded Temporal server', object: 'temporal', cause,
  hint: 'Install the Temporal CLI (https://docs.temporal.io/cli) or set TEMPORAL_CLI to it; or name a running server in TEMPORAL_ADDRESS.',
});
