/** `init`: a first holdfast.yaml from what Docker says. Never overwrites one. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
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
  output.object({ path: print ? null : path, text: suggestion.text, missing: suggestion.missing });
  if (print) {
    output.result(suggestion.text.trimEnd());
    return exitCodes.done;
  }
  await writeNew(path, suggestion.text);
  output.result(`Wrote ${path}:`);
  output.result('');
  for (const line of suggestion.text.trimEnd().split('\n')) output.result(`  ${line}`.trimEnd());
  output.result('');
  if (suggestion.missing.length > 0) output.result('Still to be said or checked:');
  for (const sentence of suggestion.missing) output.result(`  - ${sentence}`);
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
