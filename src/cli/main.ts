/** The entry of the command line. */
import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';

/** Runs one command; answers its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // `holdfast list | head`: whoever read us has had enough.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed));
  try {
    await createProgram().parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    // Help and version were asked for and shown; anything else is wrong usage, and commander has said so.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    throw error;
  }
}
