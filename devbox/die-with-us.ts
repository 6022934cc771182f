import { findProgram } from './run-command.ts';

/**
 * The program and arguments that run this program in such a way that the kernel ends it when this process ends, however it ends.
 * Where the machine has no `setpriv`, as they are.
 */
export async function dieWithUs(signal: 'TERM' | 'KILL', program: string, args: readonly string[]): Promise<{ program: string; args: readonly string[] }> {
  const guard = await findProgram('setpriv');
  return guard === undefined ? { program, args } : { program: guard, args: ['--pdeathsig', signal, '--', program, ...args] };
}
