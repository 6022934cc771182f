/** The program whose `server start-dev` is the embedded server. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { HoldfastFailure } from '../../domain/failures.ts';
import { siblingModule } from './sibling-module.ts';
import type { LocalPaths } from './state-directory.ts';

const answerMs = 15_000;
/** The SDK's downloader cannot be told to give up: it is ended when no bytes arrive any more. */
const silenceMs = 20_000;
const lookMs = 500;

type ProgramPlaces = Pick<LocalPaths, 'programs' | 'rememberedProgram'>;

/**
 * `$TEMPORAL_CLI`, `temporal` on the path, where it was found before, an earlier download, the SDK's own download. Answers an absolute path and
 * remembers it. @throws TemporalUnreachable with the ways to get it
 */
export async function findTemporalProgram(environment: NodeJS.ProcessEnv, places: ProgramPlaces, say: (text: string) => void): Promise<string> {
  const program = await presentTemporalProgram(environment, places) ?? await downloadProgram(environment, places, say);
  await writeFile(places.rememberedProgram, `${program}\n`, { mode: 0o600 });
  return program;
}

/** What could be used now, without fetching anything; changes nothing. */
export async function presentTemporalProgram(environment: NodeJS.ProcessEnv, places: ProgramPlaces): Promise<string | null> {
  const chosen = environment['TEMPORAL_CLI'];
  if (chosen) return firstAnswering(chosen.includes('/') ? [resolve(chosen)] : onPath(environment, chosen));
  return await firstAnswering(onPath(environment, 'temporal')) ?? await firstAnswering(await remembered(places)) ?? downloadedProgram(places.programs);
}

async function downloadProgram(environment: NodeJS.ProcessEnv, { programs }: ProgramPlaces, say: (text: string) => void): Promise<string> {
  const chosen = environment['TEMPORAL_CLI'];
  if (chosen) throw missing(`TEMPORAL_CLI=${chosen} does not run`);
  say('No `temporal` program is on the path: downloading it, once (about 60 MB)');
  await download(programs);
  const downloaded = await downloadedProgram(programs);
  if (downloaded !== null) return downloaded;
  throw missing('no `temporal` program is on the path, and it could not be downloaded');
}

const onPath = (environment: NodeJS.ProcessEnv, name: string): readonly string[] =>
  (environment['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '').map((directory) => resolve(directory, name));

/** None where nothing was remembered, or what was is no longer there: then it is looked for again. */
async function remembered({ rememberedProgram }: ProgramPlaces): Promise<readonly string[]> {
  const program = (await readFile(rememberedProgram, 'utf8').catch(() => '')).trim();
  return program === '' ? [] : [program];
}

async function firstAnswering(candidates: readonly string[]): Promise<string | null> {
  for (const candidate of candidates) if (await answers(candidate)) return candidate;
  return null;
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
