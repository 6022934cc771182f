/** Running one short command in a container, and being sure of how it ended. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { isFailure } from '../../domain/failures.ts';
import type { ExecRequest, ExecResult } from '../container-runtime.ts';
import { demultiplex, Tail } from '../demultiplexer.ts';
import { pollUntil } from '../wait-until.ts';
import { engineFailure, failureOf } from './docker-failures.ts';
import type { EngineCall } from './docker-failures.ts';
import type { EngineClient } from './engine-client.ts';

const defaultOutputBytes = 16 * 1024 * 1024;
const stderrBytes = 64 * 1024;
/** The stream ends a moment before the engine has noted the exit code; longer means that the stream was cut. */
const exitCodeWithinMs = 5_000;
const exitCodeEveryMs = 20;
/** The engine's exit codes for a command that it could not run at all; its words then stand where the output would (databases.md D7). */
const notRunCodes: ReadonlySet<number> = new Set([126, 127]);
/** What containerd and the OCI runtime say where the container's own process has ended before the command began: no program is missing then. */
const endedWords = /^(?:task [0-9a-f]{64} not found|OCI runtime exec failed: exec failed: [^"]*(?:cannot exec (?:in a stopped|a container that has stopped)|namespace path: \w+ \/proc\/\d+\/ns\/|adding pid \d+ to cgroups: [^"]*no such file or directory))/;

interface Output {
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs the command. The answer is complete, or this throws: `BrokenStream` when the output was cut or did not end in time,
 * `ContainerNotRunning` for a stopped or paused container, `Internal` for more output than allowed. The process inside may go on after
 * a timeout or abort: only short commands are run this way (databases.md D6).
 */
export async function execInContainer(client: EngineClient, id: string, request: ExecRequest): Promise<ExecResult> {
  const call: EngineCall = { operation: `run ${request.argv[0] ?? 'nothing'}`, object: id.slice(0, 12) };
  request.signal?.throwIfAborted();
  // Armed before anything is asked: a container whose lock is held answers neither the creation nor the upgrade (databases.md D5).
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const end = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  let execId: string | null = null;
  try {
    execId = await createExec(client, call, id, request, end);
    const output = await startExec(client, call, execId, request, end);
    const exitCode = await exitCodeOf(client, call, execId, request.signal);
    if (notRunCodes.has(exitCode)) return notRun(exitCode, output, call);
    return { exitCode, stdout: output.stdout.toString('utf8'), stderr: output.stderr };
  } catch (error) {
    request.signal?.throwIfAborted();
    if (timeout.aborted) throw engineFailure('BrokenStream', call, `the command did not end within ${request.timeoutMs} ms`, error);
    const failure = failureOf(error, call);
    // The engine forgets a command together with the container's process: what is missing then is the command, not the container.
    if (execId !== null && isFailure(failure, 'ContainerNotFound')) throw engineFailure('ContainerNotRunning', call, failure.fields.cause, error);
    throw failure;
  }
}

/** @throws ContainerNotRunning where it is the container that ended */
function notRun(exitCode: number, { stdout, stderr }: Output, call: EngineCall): ExecResult {
  const words = `${stderr}${stdout.toString('utf8')}`.trim();
  if (endedWords.test(words)) throw engineFailure('ContainerNotRunning', call, words.slice(0, 300));
  return { exitCode, stdout: '', stderr: words.slice(-stderrBytes) };
}

async function createExec(client: EngineClient, call: EngineCall, id: string, request: ExecRequest, end: AbortSignal): Promise<string> {
  const answer = await client.call<{ Id: string }>(call, {
    method: 'POST',
    path: `/containers/${encodeURIComponent(id)}/exec`,
    body: {
      AttachStdin: request.stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      Cmd: request.argv,
      Env: Object.entries(request.environment ?? {}).map(([name, value]) => `${name}=${value}`),
      ...(request.user === undefined ? {} : { User: request.user }),
    },
  }, undefined, end);
  return answer.Id;
}

async function startExec(client: EngineClient, call: EngineCall, execId: string, request: ExecRequest, end: AbortSignal): Promise<Output> {
  const socket = await client.hijack(call, { method: 'POST', path: `/exec/${execId}/start`, body: { Detach: false, Tty: false } }, end);
  // An error between two reads must not end the process; the reader sees it too.
  socket.on('error', () => undefined);
  const destroy = (): void => void socket.destroy();
  end.addEventListener('abort', destroy, { once: true });
  try {
    if (end.aborted) destroy();
    if (request.stdin !== undefined) socket.end(request.stdin);
    return await collect(socket, call, request.maxOutputBytes ?? defaultOutputBytes);
  } finally {
    end.removeEventListener('abort', destroy);
    // A stream that is left open wedges every other exec and health check of the container (databases.md D5).
    socket.destroy();
    if (!socket.closed) await once(socket, 'close');
  }
}

async function collect(socket: Socket, call: EngineCall, limitBytes: number): Promise<Output> {
  const stdout: Uint8Array[] = [];
  const stderr = new Tail(stderrBytes);
  let sizeBytes = 0;
  for await (const chunk of demultiplex(socket, call.object)) {
    if (chunk.stream === 'stderr') {
      stderr.push(chunk.bytes);
      continue;
    }
    sizeBytes += chunk.bytes.length;
    if (sizeBytes > limitBytes) throw engineFailure('Internal', call, `the command wrote more than the ${limitBytes} bytes it was expected to`);
    stdout.push(chunk.bytes);
  }
  return { stdout: Buffer.concat(stdout), stderr: stderr.toString() };
}

/** The end of a stream is never success: the engine has to say that the process is gone, and what it answered (databases.md D4, D7). */
async function exitCodeOf(client: EngineClient, call: EngineCall, execId: string, signal: AbortSignal | undefined): Promise<number> {
  const exitCode = await pollUntil(async () => {
    const answer = await client.call<{ Running: boolean; ExitCode: number | null }>(call, { method: 'GET', path: `/exec/${execId}/json` });
    return answer.Running ? null : answer.ExitCode;
  }, { withinMs: exitCodeWithinMs, everyMs: exitCodeEveryMs, signal });
  if (exitCode === null) throw engineFailure('BrokenStream', call, 'the output ended but the command did not');
  return exitCode;
}
