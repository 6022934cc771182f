/** Finds the configuration and reads it. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HoldfastFailure } from '../domain/failures.ts';
import type { Config } from './config.ts';
import { invalidConfiguration } from './config-problem.ts';
import { configFromEnvironment, type Environment } from './environment-config.ts';
import { parseConfig } from './parse-config.ts';
import { configFrom } from './service-definitions.ts';

export const configFileName = 'holdfast.yaml';

/** A configuration is small; something larger is not one, and is not read whole. */
const largestBytes = 1024 * 1024;

export interface ConfigRequest {
  /** `--config`: then nothing else is looked at. */
  readonly path?: string | undefined;
  readonly environment: Environment;
  readonly currentDirectory: string;
}

/**
 * The first of: `--config`, `$HOLDFAST_CONFIG`, holdfast.yaml here or in a directory above, `$XDG_CONFIG_HOME/holdfast/holdfast.yaml`
 * (`~/.config/…`); else the environment variables alone. A file that was named and is not there is a failure, never a reason to go on.
 * @throws InvalidConfiguration
 */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const path = await findConfig(request);
  if (path === null) return configFromEnvironment(request.environment, request.currentDirectory);
  const { settings, problems, locate } = parseConfig(await readText(path));
  if (settings === null) throw invalidConfiguration(path, problems);
  return configFrom(settings, path, locate);
}

/** The absolute path of the file that would be read, or null where there is none. */
export async function findConfig({ path, environment, currentDirectory }: ConfigRequest): Promise<string | null> {
  const named = path ?? environment['HOLDFAST_CONFIG'];
  if (named !== undefined && named !== '') return resolve(currentDirectory, named);
  for (const candidate of candidates(environment, currentDirectory)) {
    if (await isFile(candidate)) return candidate;
  }
  return null;
}

function candidates(environment: Environment, currentDirectory: string): readonly string[] {
  const above: string[] = [];
  for (let directory = resolve(currentDirectory); ; directory = dirname(directory)) {
    above.push(join(directory, configFileName));
    if (directory === dirname(directory)) break;
  }
  const home = environment['HOME'];
  const personal = environment['XDG_CONFIG_HOME'] || (home ? join(home, '.config') : undefined);
  return personal === undefined ? above : [...above, join(personal, 'holdfast', configFileName)];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    // Only "it is not there" means that it is not there: a file that cannot be looked at must not be passed over.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw unreadable(path, error);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > largestBytes) throw new Error(`it has ${size} bytes, at most ${largestBytes} are read`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): HoldfastFailure {
  return new HoldfastFailure('InvalidConfiguration', {
    operation: 'read the configuration',
    object: path,
    cause: error instanceof Error ? error.message : String(error),
    hint: 'Name an existing, readable file with --config or HOLDFAST_CONFIG, or write one with `holdfast init`.',
  }, { cause: error });
}
