/**
 * Single commands of redis-cli in the database's own container: argv form, no shell, the password only in the command's environment.
 * redis-cli may exit 0 after NOAUTH, WRONGPASS or a refused AUTH (databases.md D9): the words decide, and the exit code must agree.
 */
import type { ExecResult } from '../../../containers/container-runtime.ts';
import { missingProgram } from '../../../containers/missing-program.ts';
import { HoldfastFailure, type FailureType } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';

/** What a command needs: it need not belong to a run. */
export type CommandContext = Pick<EngineContext, 'runtime' | 'timing' | 'signal' | 'secret'>;

/** Where commands go: a container by id, so that a recreated one is never taken for it. */
export interface RedisConnection {
  readonly component: RedisComponent;
  readonly containerId: string;
}

/** The password, or '' where none is configured. @throws SecretNotFound, InvalidConfiguration */
export async function passwordOf(ctx: CommandContext, component: RedisComponent): Promise<string> {
  if (component.password === undefined) return '';
  const password = await ctx.secret(component.password);
  if (!password.includes('\n') && !password.includes('\0')) return password;
  throw new HoldfastFailure('InvalidConfiguration', { operation: 'read the password', object: component.container, cause: 'it holds a line break or a NUL', hint: 'Redis passwords are one line; check the file or variable it comes from.' });
}

/** Arguments that every redis-cli of ours begins with. */
export const cliArguments = (component: RedisComponent): readonly string[] =>
  ['-e', '--no-auth-warning', ...(component.user === undefined ? [] : ['--user', component.user])];

/**
 * Runs one command and answers its output without the last line break.
 * @throws AuthenticationFailed, PermissionDenied, DatabaseUnreachable (loading, refused, busy), WrongContainer (no redis-cli of version 7 or newer)
 */
export async function runRedisCommand(ctx: CommandContext, connection: RedisConnection, command: readonly string[], options: { readonly json?: boolean; readonly timeoutMs?: number } = {}): Promise<string> {
  const result = await execRedisCommand(ctx, connection, command, options);
  const problem = redisProblem(result);
  if (problem !== null) throw commandFailure(connection.component, command, problem);
  return result.stdout.replace(/\n$/, '');
}

/** The same without judging: for SHUTDOWN, whose success is the end of the container it runs in. */
export const execRedisCommand = (ctx: CommandContext, connection: RedisConnection, command: readonly string[], options: { readonly json?: boolean; readonly timeoutMs?: number } = {}): Promise<ExecResult> =>
  execRedisCli(ctx, connection, [...(options.json === true ? ['--json'] : []), ...command], options.timeoutMs ?? ctx.timing.execMs);

/**
 * Several commands by one redis-cli, which is a process in the container each time: what each of them answered as JSON (INFO as its text), one after the
 * other. It ends with 0 whatever they answered: the caller takes nothing for an answer that does not look like one.
 */
export const execRedisCommands = (ctx: CommandContext, connection: RedisConnection, commands: readonly string[]): Promise<ExecResult> =>
  execRedisCli(ctx, connection, ['--json'], ctx.timing.execMs, commands.map((command) => `${command}\n`).join(''));

async function execRedisCli(ctx: CommandContext, connection: RedisConnection, args: readonly string[], timeoutMs: number, stdin?: string): Promise<ExecResult> {
  const password = await passwordOf(ctx, connection.component);
  return ctx.runtime.exec(connection.containerId, {
    argv: ['redis-cli', ...cliArguments(connection.component), ...args],
    ...(stdin === undefined ? {} : { stdin }),
    environment: password === '' ? {} : { REDISCLI_AUTH: password },
    timeoutMs,
    signal: ctx.signal,
  });
}

export interface RedisProblem {
  readonly type: FailureType;
  /** Redis's own words, one line. They name commands, users and settings, never values. */
  readonly words: string;
  readonly hint: string;
}

const hints = {
  authentication: 'Check user and password of the component in holdfast.yaml; the password must not be set where Redis has none.',
  permission: 'Give the user the command (docs/runbooks list what each runbook needs), or use one that has it.',
  unreachable: 'The step is tried again; see the log of the container.',
  binary: 'Check the container name; Redis or Valkey of version 7 or newer with redis-cli is needed.',
} as const;

/** Error replies begin with a code in capitals; the first of these that fits the line decides. */
const problems: readonly (readonly [pattern: RegExp, type: FailureType, hint: string])[] = [
  // Told before anything is asked of it, so that AUTH is what comes to nothing.
  [/^(AUTH failed: |\(error\) )?ERR max number of clients\b/, 'DatabaseUnreachable', hints.unreachable],
  [/^AUTH failed:/, 'AuthenticationFailed', hints.authentication],
  [/^(\(error\) )?(NOAUTH|WRONGPASS)\b/, 'AuthenticationFailed', hints.authentication],
  [/^(\(error\) )?NOPERM\b/, 'PermissionDenied', hints.permission],
  [/^(\(error\) )?ERR unknown (sub)?command\b/, 'PermissionDenied', hints.permission],
  [/^(\(error\) )?(LOADING|BUSY|MASTERDOWN|TRYAGAIN)\b/, 'DatabaseUnreachable', hints.unreachable],
  [/^Could not connect to Redis\b/, 'DatabaseUnreachable', hints.unreachable],
  [/^(Error: Server closed the connection|Error: Connection reset by peer|Error: Broken pipe)/, 'DatabaseUnreachable', hints.unreachable],
  [/^Unrecognized option or bad number of args/, 'WrongContainer', hints.binary],
];

/** What went wrong according to output and exit code, or null. An output that merely contains such words further in is data. */
export function redisProblem(result: Pick<ExecResult, 'exitCode' | 'stdout' | 'stderr'>): RedisProblem | null {
  const lines = [...result.stderr.split('\n'), result.stdout.split('\n', 1)[0] ?? ''].map((line) => line.trim()).filter((line) => line !== '');
  // Docker answers the same for a program that is not there and for a container that has just ended: only its words differ.
  const notThere = [...lines, ...result.stdout.split('\n')].some((line) => missingProgram.test(line));
  if (notThere && (result.exitCode === 126 || result.exitCode === 127)) return { type: 'WrongContainer', words: 'redis-cli cannot be run in it', hint: hints.binary };
  for (const [pattern, type, hint] of problems) {
    const line = lines.find((each) => pattern.test(each));
    if (line !== undefined) return { type, words: quoted(line), hint };
  }
  if (result.exitCode === 0) return null;
  return { type: 'DatabaseUnreachable', words: quoted(lines[0] ?? `redis-cli ended with ${result.exitCode} and no word`), hint: hints.unreachable };
}

const quoted = (line: string): string => line.replace(/^\(error\) /, '').slice(0, 200);

/** The failure of one command. Only its name is told: an argument could be a secret. */
export function commandFailure(component: RedisComponent, command: readonly string[], problem: RedisProblem): HoldfastFailure {
  const name = command.slice(0, /^(config|function|acl|command|module|debug)$/i.test(command[0] ?? '') ? 2 : 1).join(' ').toUpperCase();
  return new HoldfastFailure(problem.type, { operation: `run ${name}`, object: component.container, cause: `Redis answered: ${problem.words}`, hint: problem.hint });
}
