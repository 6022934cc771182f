/** The real program as a process of its own: what a shell, cron or a pipe would see of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export interface CommandRequest {
  readonly directory: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** A pseudo-terminal on all three streams; then everything arrives as standard output. */
  readonly terminal?: boolean;
  readonly program?: string;
}

export interface CommandEnd {
  /** `128 + n` where a signal ended it, as a shell would say. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandEnd>;
  /** Everything so far, both streams as they came. */
  output(): string;
  type(text: string): void;
}

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'bin', 'holdfast.js');
const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 };
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Nothing of the test run's own environment reaches the program, except where its parts are found. */
export function startCommand(args: readonly string[], request: CommandRequest): RunningCommand {
  const cache = process.env['NODE_COMPILE_CACHE'];
  const compiled = cache === undefined ? {} : { NODE_COMPILE_CACHE: cache };
  const environment = { PATH: process.env['PATH'], HOME: request.directory, TZ: 'Europe/Berlin', HOLDFAST_TIMING: 'test', HOLDFAST_STATE_DIR: join(request.directory, 'state'), ...compiled, ...request.environment };
  const argv = [process.execPath, request.program ?? program, ...args];
  const child = request.terminal === true
    ? spawn('script', ['-qefc', argv.map(quoted).join(' '), '/dev/null'], { cwd: request.directory, env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
    : spawn(process.execPath, argv.slice(1), { cwd: request.directory, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, both] = ['', '', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; both += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; both += text; });
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code: code ?? 128 + (signalNumbers[signal ?? ''] ?? 0), stdout, stderr }));
  });
  return { process: child, ended, output: () => both, type: (text) => void child.stdin?.write(text) };
}

export const runCommand = (args: readonly string[], request: CommandRequest): Promise<CommandEnd> => startCommand(args, request).ended;
