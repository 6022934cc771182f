/** The embedded server as a process of its own, in its own session, on loopback. */
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
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
}

/** Starts it and returns when it answers. @throws TemporalUnreachable with the last line of its log */
export async function startServer(request: ServerRequest): Promise<ServerRecord> {
  const [port, uiPort] = [await freePort(request.previous?.address), await freePort(request.previous?.uiAddress)];
  const identity = await spawnServer(request, port, uiPort);
  const server: ServerRecord = { address: `127.0.0.1:${port}`, uiAddress: `http://127.0.0.1:${uiPort}`, identity };
  const deadline = Date.now() + request.startMs;
  while (!(await isAnswering(server))) {
    const dead = livingPid(identity) === null;
    if (!dead && Date.now() < deadline) {
      await pause(readyPollMs);
      continue;
    }
    await endProcess(identity, graceMs);
    const lastLine = (await readFile(request.log, 'utf8')).trim().split('\n').at(-1) ?? '';
    throw new HoldfastFailure('TemporalUnreachable', { operation: 'start the embedded Temporal server', object: request.program, cause: `it ${dead ? 'ended' : `did not answer within ${Math.round(request.startMs / 1000)} s`}: ${lastLine.slice(0, 300)}`, hint: `Its log is ${request.log}.` });
  }
  return server;
}

export const stopServer = (server: ServerRecord): Promise<void> => endProcess(server.identity, graceMs);

/** Does it answer, with our search attributes known? */
export async function isAnswering(server: ServerRecord): Promise<boolean> {
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

async function spawnServer(request: ServerRequest, port: number, uiPort: number): Promise<string> {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-ip', '127.0.0.1', '--ui-port', `${uiPort}`, '--db-filename', request.database, '--log-level', 'warn',
    ...searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`])];
  const log = await open(request.log, 'w', 0o600);
  try {
    // The umask keeps the database file, which holds every plan and decision, to its owner.
    const umask = process.umask(0o077);
    const child = spawn(request.program, args, { detached: true, stdio: ['ignore', log.fd, log.fd], cwd: '/' });
    process.umask(umask);
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    const identity = child.pid === undefined ? await failed : identityOf(child.pid);
    child.on('error', () => undefined);
    child.unref();
    if (identity !== null) return identity;
    throw new Error('it ended at once');
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
