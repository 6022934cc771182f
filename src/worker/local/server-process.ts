/** The embedded server as a process of its own, in its own session, on loopback. */
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { logWatchType } from '../../client/runbooks.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { searchAttributeNames } from '../run-directory.ts';
import type { ServerRecord } from './local-state.ts';
import { endProcess, identityOf, livingPid } from './process-identity.ts';

export const localNamespace = 'default';
const readyPollMs = 100;
const callMs = 2_000;
const graceMs = 10_000;

export interface ServerRequest {
  readonly program: string;
  readonly database: string;
  readonly log: string;
  /** The addresses it had before: whoever is connected finds it again there. */
  readonly previous: ServerRecord | null;
  readonly startMs: number;
  /** Writes down the process before it begins: whatever happens to this command, the next one finds it. */
  record(server: ServerRecord): Promise<void>;
  /** Ends it while it is being started. */
  readonly signal: AbortSignal | undefined;
}

/** Starts it and returns when it answers. @throws TemporalUnreachable with the last line of its log; the signal's reason */
export async function startServer(request: ServerRequest): Promise<ServerRecord> {
  const [port, uiPort] = [await freePort(request.previous?.address), await freePort(request.previous?.uiAddress)];
  const server = await spawnServer(request, port, uiPort);
  if (await untilAnswering(server, request.startMs, request.signal)) return { ...server, ready: true };
  const dead = livingPid(server.identity) === null;
  await stopServer(server);
  request.signal?.throwIfAborted();
  const lastLine = (await readFile(request.log, 'utf8')).trim().split('\n').at(-1) ?? '';
  throw new HoldfastFailure('TemporalUnreachable', { operation: 'start the embedded Temporal server', object: request.program, cause: `it ${dead ? 'ended' : `did not answer within ${Math.round(request.startMs / 1000)} s`}: ${lastLine.slice(0, 300)}`, hint: `Its log is ${request.log}.` });
}

/** False when it has ended, when it did not answer in time, or when the signal came first. */
export async function untilAnswering(server: ServerRecord, waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  while (!(await isAnswering(server))) {
    if (livingPid(server.identity) === null || Date.now() >= deadline || signal?.aborted === true) return false;
    await pause(readyPollMs);
  }
  return signal?.aborted !== true;
}

/** Open runs of any kind, or null where it does not answer: that is never "none". */
export async function countOpenRuns(server: ServerRecord): Promise<number | null> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address: server.address, connectTimeout: callMs });
    const client = new Client({ connection, namespace: localNamespace });
    return (await client.withDeadline(Date.now() + callMs, () => client.workflow.count(`ExecutionStatus = 'Running' AND WorkflowType != '${logWatchType}'`))).count;
  } catch {
    return null;
  } finally {
    await connection?.close();
  }
}

export const stopServer = (server: ServerRecord): Promise<void> => endProcess(server.identity, graceMs);

/** Does it answer, with our search attributes known? */
async function isAnswering(server: ServerRecord): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address: server.address, connectTimeout: callMs });
    const known = await connection.withDeadline(Date.now() + callMs, () => (connection as Connection).operatorService.listSearchAttributes({ namespace: localNamespace }));
    return searchAttributeNames.every((name) => Object.hasOwn(known.customAttributes ?? {}, name));
  } catch {
    // Whatever the reason, it does not answer (yet).
    return false;
  } finally {
    await connection?.close();
  }
}

/** Waits for a line before it becomes the server, and ends when none comes: the pid and its start time stay the same through `exec`. */
const gate = 'read -r go && exec "$0" "$@" </dev/null';

async function spawnServer(request: ServerRequest, port: number, uiPort: number): Promise<ServerRecord> {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-ip', '127.0.0.1', '--ui-port', `${uiPort}`, '--db-filename', request.database, '--log-level', 'warn',
    ...searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`])];
  const log = await open(request.log, 'w', 0o600);
  try {
    // The umask keeps the database file, which holds every plan and decision, to its owner.
    const umask = process.umask(0o077);
    const child = spawn('/bin/sh', ['-c', gate, request.program, ...args], { detached: true, stdio: ['pipe', log.fd, log.fd], cwd: '/' });
    process.umask(umask);
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    const identity = child.pid === undefined ? await failed : identityOf(child.pid);
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    child.unref();
    if (identity === null) throw new Error('it ended at once');
    const server: ServerRecord = { address: `127.0.0.1:${port}`, uiAddress: `http://127.0.0.1:${uiPort}`, identity, ready: false };
    // A command that is killed before this line takes the waiting process with it; after it, the next command knows the process.
    await request.record(server);
    child.stdin?.end('go\n');
    return server;
  } catch (error) {
    throw new HoldfastFailure('TemporalUnreachable', { operation: 'start the embedded Temporal server', object: request.program, cause: error instanceof Error ? error.message : String(error), hint: `Its log is ${request.log}.` }, { cause: error });
  } finally {
    await log.close();
  }
}

/** The port it had before where that is free, else one that is free now. */
async function freePort(previous: string | undefined): Promise<number> {
  const earlier = Number(previous?.split(':').at(-1));
  return (Number.isInteger(earlier) && earlier > 0 ? await tryPort(earlier) : null) ?? (await tryPort(0)) ?? 0;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(null) : reject(error)));
    server.listen(port, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });
}
