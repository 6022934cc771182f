/** The entry of the command line. */
import { CommanderError } from 'commander';
import { HoldfastFailure } from '../domain/failures.ts';
import { exitCodes } from './exit-codes.ts';
import { createOutput } from './output.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';

/** Runs one command; answers its exit code, once everything it said has been taken. */
export async function main(argv: readonly string[]): Promise<number> {
  // `holdfast backup | head`: whoever read us has had enough. How a run ends is not known then, so this is no success.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.outputClosed : exitCodes.failed));
  const exitCode = await run(argv);
  return (await isTaken()) ? exitCode : exitCodes.outputClosed;
}

/** A write that fails says so only later: without waiting, the process would end first, with a success that nobody saw. */
const isTaken = (): Promise<boolean> => new Promise((resolve) => process.stdout.write('', (error) => resolve(error == null)));

async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version were asked for and shown; anything else is wrong usage, and commander has said so on standard error.
    if (error.exitCode === 0) return exitCodes.done;
    if (argv.includes('--json')) reportFailure(wrongUsage(error), createOutput({ json: true }, process), process.env);
    return exitCodes.usage;
  }
}

const wrongUsage = (error: CommanderError): HoldfastFailure => new HoldfastFailure('InvalidInput', {
  operation: 'read the command line', object: 'holdfast', cause: error.message.replace(/^error: /, '').split('\n')[0] ?? '', hint: 'holdfast help lists the commands; holdfast help COMMAND says what one takes.',
});
