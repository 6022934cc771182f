import { spawn, type ChildProcess } from 'node:child_process';

/** How a command ended. `output` is the end of stdout and stderr together, for a person to read. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  output: string;
}

const keptBytes = 256 * 1024;
const running = new Set<ChildProcess>();
let interrupted = false;

/**
 * Ends what `runCommand` is still waiting for, and lets it begin nothing new but clean-up: after Ctrl-C nobody wants the result of a
 * two-minute build, nor the second attempt at it.
 */
export function endRunningCommands(): void {
  interrupted = true;
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs one program with an argument list (never a shell string) and waits for it. Resolves whatever the exit code;
 * 127 means that the program does not exist, 124 that it was ended after `timeoutMs`, 130 that it was not begun after Ctrl-C.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number; cleanUp?: boolean } = {},
): Promise<CommandResult> {
  if (interrupted && options.cleanUp !== true) return Promise.resolve({ exitCode: 130, stdout: '', output: 'interrupted' });
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: withSystemPath(options.env ?? process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let stdout = '';
    let output = '';
    let timedOut = false;
    const timer = options.timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          child.kill('SIGKILL');
        }, options.timeoutMs)
      : undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-keptBytes);
      output = (output + text).slice(-keptBytes);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-keptBytes);
    });
    child.on('error', (error) => {
      running.delete(child);
      clearTimeout(timer);
      resolve({ exitCode: 127, stdout, output: error.message });
    });
    child.on('close', (code) => {
      running.delete(child);
      clearTimeout(timer);
      resolve({ exitCode: timedOut ? 124 : (code ?? 1), stdout, output });
    });
  });
}

/** Root's PATH lacks the sbin folders in some shells; dockerd, iptables and debootstrap live there. */
export function withSystemPath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin` };
}

/** Whether a program answers to its name on the path. */
export async function findProgram(name: string): Promise<string | undefined> {
  const found = await runCommand('/bin/sh', ['-c', 'command -v -- "$1"', 'sh', name]);
  return found.exitCode === 0 ? found.stdout.trim() : undefined;
}

/** The last non-empty lines of a program's output, as the cause within a one-line message. */
export function lastLines(output: string, count = 2): string {
  return output.trim().split('\n').slice(-count).join(' / ').slice(-600);
}
