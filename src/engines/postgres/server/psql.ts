/** One psql in the database's container: a single short process over the server's own socket (databases.md D1), SQL on its standard input. */
import type { ExecRequest, ExecResult } from '../../../containers/container-runtime.ts';
import { missingProgram } from '../../../containers/missing-program.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { FailureType } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { firstStatements, libpqEnvironment, maintenanceDatabases, passwordOf } from './connection.ts';
import type { SessionOwner } from './connection.ts';
import { failureFrom, firstError } from './psql-failure.ts';
import type { FailedCall } from './psql-failure.ts';
import { psqlVariables } from './psql-variables.ts';
import type { PsqlVariables } from './psql-variables.ts';
import { psqlArgv } from './real-program.ts';

/** 128 + SIGKILL: it died with its container, which a restart policy may bring back. */
const killedExitCode = 137;
/** Of the engine, or of the shell that was to become psql. */
const notRunCodes: ReadonlySet<number> = new Set([126, 127]);
const endedHint = 'The container ended meanwhile, and the step is tried again.';

/** What a psql needs of its caller. */
export type PsqlContext = Pick<EngineContext, 'runtime' | 'timing' | 'signal' | 'secret'> & SessionOwner;

export interface PsqlCall {
  readonly containerId: string;
  readonly component: PostgresComponent;
  /** The directory of the server's socket; where the image has it unless given. */
  readonly host?: string;
  /** Null: one for administration, whichever of postgres and template1 there is. */
  readonly database: string | null;
  readonly operation: string;
  readonly sql: string;
  /** Psql variables, used in the SQL as :'name' or :"name" only. */
  readonly variables?: PsqlVariables;
  readonly timeoutMs?: number;
  /** Read only where the server, the database or the role is so by default: nobody but the owner of the data has a say in that. Read-write unless given. */
  readonly mindsReadOnly?: boolean;
  /** What it is where the server's words are none that we know: `CutOverFailed` unless given. */
  readonly otherwise?: FailureType;
}

/**
 * Runs SQL and answers what it printed. Everything that fails is a failure with the server's first error line.
 * @throws AuthenticationFailed, DatabaseNotFound, DatabaseUnreachable, PermissionDenied, DiskFull, CutOverFailed, WrongContainer
 */
export async function runPsql(ctx: PsqlContext, call: PsqlCall): Promise<string> {
  if (call.database !== null) return runIn(ctx, call, call.database);
  const [first, second] = maintenanceDatabases(call.component) as [string, string | undefined];
  try {
    return await runIn(ctx, call, first);
  } catch (error) {
    if (second === undefined || !isFailure(error, 'DatabaseNotFound')) throw error;
    return runIn(ctx, call, second);
  }
}

async function runIn(ctx: PsqlContext, call: PsqlCall, database: string): Promise<string> {
  const password = await passwordOf(ctx, call.component);
  const port = portIn((await ctx.runtime.inspect(call.containerId)).command);
  const result = await execOrUnreachable(ctx, call, {
    argv: psqlArgv(),
    stdin: firstStatements + psqlVariables(call.variables ?? {}) + call.sql,
    environment: { ...libpqEnvironment(ctx, call.component, database, [], call.mindsReadOnly), PGCLIENTENCODING: 'UTF8', LC_ALL: 'C', ...(password === null ? {} : { PGPASSWORD: password }), ...(port === null ? {} : { PGPORT: port }), ...(call.host === undefined ? {} : { PGHOST: call.host }) },
    timeoutMs: call.timeoutMs ?? ctx.timing.execMs,
    maxOutputBytes: 32 * 1024 * 1024,
    signal: ctx.signal,
  });
  if (result.exitCode === 0) return result.stdout;
  // A missing program's error arrives on standard output (databases.md D7).
  const messages = result.stderr.trim() === '' ? result.stdout : result.stderr;
  const where = { operation: call.operation, object: `${call.component.container}/${database}` };
  const unasked = notRun(result, where);
  if (unasked !== null) throw unasked;
  throw failureFrom(messages, where, result.exitCode === killedExitCode ? { type: 'DatabaseUnreachable', hint: endedHint } : { type: call.otherwise ?? 'CutOverFailed', hint: 'See the server\'s log for the details.' });
}

/** The port that a server was started with, or null for the image's own: a psql beside it needs it to find even the server's socket. Pure. */
export function portIn(command: readonly string[]): string | null {
  const found = /(?:^|\0)(?:-c\0?port|--port|-p)[=\0]?(\d+)(?:\0|$)/.exec(command.join('\0'));
  return found?.[1] ?? null;
}

/** It was never asked: psql is not there, the container ended under it, or the engine lets nothing run in it. Those words are no server's, whatever is denied in them (AppArmor). Null where psql ran. */
export function notRun({ exitCode, stdout, stderr }: ExecResult, where: FailedCall): HoldfastFailure | null {
  if (!notRunCodes.has(exitCode)) return null;
  const messages = `${stderr}${stdout}`;
  const fields = { ...where, cause: firstError(messages) };
  if (missingProgram.test(messages)) return new HoldfastFailure('WrongContainer', { ...fields, hint: 'The container has no psql: check `container` in holdfast.yaml.' });
  return new HoldfastFailure('DatabaseUnreachable', { ...fields, hint: `${endedHint} If it stays so, look at what the host forbids in it (AppArmor, SELinux).` });
}

/** A container that ran a moment ago and does not now has crashed: what is asked next, after a pause, finds it up again or says that it is down. */
async function execOrUnreachable(ctx: PsqlContext, call: PsqlCall, request: ExecRequest): Promise<ExecResult> {
  try {
    return await ctx.runtime.exec(call.containerId, request);
  } catch (error) {
    if (!isFailure(error, 'ContainerNotRunning')) throw error;
    throw new HoldfastFailure('DatabaseUnreachable', { ...error.fields, operation: call.operation, object: call.component.container, hint: 'The step is tried again; look at the container\'s log if it stays so.' }, { cause: error });
  }
}

/** Like {@link runPsql} for SQL that prints one line of JSON. */
export async function queryJson<T>(ctx: PsqlContext, call: PsqlCall): Promise<T> {
  const output = await runPsql(ctx, call);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T;
}
