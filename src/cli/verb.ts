/** What every verb's file builds on: a commander command whose action answers an exit code, and never throws. */
import { Command } from 'commander';
import { createContext, type CommandContext, type GlobalOptions } from './command-context.ts';
import type { ExitCode } from './exit-codes.ts';
import { reportFailure } from './report-failure.ts';

/** A command of one name, one sentence, and examples that can be copied. */
export function verb(name: string, description: string, examples: readonly string[] = []): Command {
  const command = new Command(name).description(description).helpCommand(false);
  return examples.length === 0 ? command : command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  holdfast ${example}`).join('\n')}`);
}

type Work<O> = (context: CommandContext, options: O, ...args: (string | undefined)[]) => Promise<ExitCode>;

/** The action of a command. Its heavy modules are imported inside, so that `--help` stays fast. */
export function act<O extends object = object>(work: Work<O & GlobalOptions>): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const options = command.optsWithGlobals<O & GlobalOptions>();
    const context = createContext(options);
    try {
      const exitCode = await work(context, options, ...all.slice(0, -2) as (string | undefined)[]);
      context.output.finish(exitCode);
      process.exitCode = exitCode;
    } catch (error) {
      process.exitCode = reportFailure(error, context.output, context.environment);
    }
  };
}

/** Options without those that were not given, for inputs that refuse `undefined`. */
export function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
