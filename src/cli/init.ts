/** `init`: a first holdfast.yaml from what Docker says. Never overwrites one. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { configFileName } from '../config/load-config.ts';
import { discoverServices } from '../config/discover.ts';
import { suggestConfig } from '../config/suggested-config.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { composeRuntime } from '../worker/dependencies.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';

export async function init(context: CommandContext, print: boolean): Promise<ExitCode> {
  const { output } = context;
  const path = resolve(context.currentDirectory, context.options.config ?? configFileName);
  const suggestion = suggestConfig(await discoverServices(composeRuntime(context.environment)));
  if (suggestion === null) {
    throw new HoldfastFailure('ContainerNotFound', { operation: 'find databases', object: 'the Docker engine', cause: 'no container of it looks like PostgreSQL or Redis', hint: 'Start them, or set DOCKER_HOST to the engine they run on, then try again.' });
  }
  const { text, missing } = suggestion;
  if (print) {
    for (const line of text.trimEnd().split('\n')) output.result(line);
    output.object({ path: null, created: null, text, missing, exitCode: exitCodes.done });
    return exitCodes.done;
  }
  await writeNew(path, text);
  const repository = resolve(dirname(path), suggestion.directory);
  const created = await createRepository(repository);
  output.object({ path, created: created ? repository : null, text, missing, exitCode: exitCodes.done });
  output.result(`Wrote ${path}:`);
  output.result('');
  for (const line of text.trimEnd().split('\n')) output.result(`  ${line}`.trimEnd());
  output.result('');
  output.result(`${created ? 'Created' : 'There is already'} ${repository}, where backups go until the file says otherwise.`);
  if (missing.length > 0) output.result('Still to be said or checked:');
  for (const sentence of missing) output.result(`  - ${sentence}`);
  output.result('Next: holdfast doctor, then holdfast backup.');
  return exitCodes.done;
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new HoldfastFailure(taken ? 'AlreadyExists' : 'InvalidConfiguration', { operation: 'write the configuration', object: path, cause: taken ? 'there is one already' : error instanceof Error ? error.message : String(error), hint: taken ? 'To see what would be written: holdfast init --print. To check yours: holdfast config.' : 'Go to a directory that can be written to, or name the file with --config.' }, { cause: error });
  }
}

/**
 * The one directory that the written file invents: nobody mounts anything there, so an empty one is what it should be. Any other is left to
 * whoever names it. Answers whether it was created now.
 */
async function createRepository(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    throw new HoldfastFailure('RepositoryUnreachable', { operation: 'create the repository', object: path, cause: error instanceof Error ? error.message : String(error), hint: 'The configuration is written; name another directory in it, under "repositories".' }, { cause: error });
  }
}
