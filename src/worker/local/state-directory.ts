/** Where the embedded Temporal of this machine keeps its file, its lock and what it remembers of its processes. */
import { chmod, mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HoldfastFailure } from '../../domain/failures.ts';

/** `$HOLDFAST_STATE_DIR`, else `$XDG_STATE_HOME/holdfast`, else `~/.local/state/holdfast`. */
export function stateDirectory(environment: NodeJS.ProcessEnv): string {
  if (environment['HOLDFAST_STATE_DIR']) return environment['HOLDFAST_STATE_DIR'];
  return join(environment['XDG_STATE_HOME'] || join(environment['HOME'] || homedir(), '.local', 'state'), 'holdfast');
}

/** The files of one state directory. */
export interface LocalPaths {
  readonly directory: string;
  readonly state: string;
  readonly lock: string;
  readonly database: string;
  readonly serverLog: string;
  readonly workerLog: string;
  /** Where a downloaded server program is kept. */
  readonly programs: string;
  /** Where the server program was found before: cron's path is shorter than that of whoever set it up. */
  readonly rememberedProgram: string;
  /** A temporal.toml that is never there: what is named here is not looked for anywhere else. */
  readonly noConfiguration: string;
}

export function localPaths(environment: NodeJS.ProcessEnv): LocalPaths {
  const directory = stateDirectory(environment);
  const path = (name: string): string => join(directory, name);
  return { directory, state: path('local.json'), lock: path('local.lock'), database: path('temporal.sqlite'), serverLog: path('server.log'), workerLog: path('worker.log'), programs: path('programs'), rememberedProgram: path('temporal-program'), noConfiguration: path('no-temporal.toml') };
}

/** Creates it for its owner alone: whoever can read and write here can approve runs. @throws InvalidConfiguration */
export async function openStateDirectory(environment: NodeJS.ProcessEnv): Promise<LocalPaths> {
  const paths = localPaths(environment);
  try {
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
    if (((await stat(paths.directory)).mode & 0o077) !== 0) await chmod(paths.directory, 0o700);
  } catch (error) {
    throw new HoldfastFailure('InvalidConfiguration', { operation: 'open the state directory', object: paths.directory, cause: error instanceof Error ? error.message : String(error), hint: 'Set HOLDFAST_STATE_DIR to a directory of your own on a local disk.' }, { cause: error });
  }
  return paths;
}
