/** The demo types what a person would type: the product's own command line, in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', '..', 'bin', 'holdfast.js');

/** Shows the command, runs it on this terminal, and answers its exit code. */
export async function holdfast(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  process.stdout.write(`\n$ holdfast ${args.join(' ')}\n`);
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: 'inherit' });
  const [code] = await once(child, 'exit') as [number | null];
  return code ?? 1;
}

/** Runs it and fails where it does. @throws Error naming the command */
export async function holdfastOrFail(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const code = await holdfast(args, environment);
  if (code !== 0) throw new Error(`holdfast ${args.join(' ')} exited ${code}`);
}
