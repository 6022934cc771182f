import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { dieWithUs } from './die-with-us.ts';
import { freePort } from './free-port.ts';
import { endProcess, hasEnded, identifyProcess, livingPid } from './process-identity.ts';
import { lastLines } from './run-command.ts';
import { SetupFailure } from './setup-failure.ts';

/** What the product's workflows are found by; see docs/design.md. */
const searchAttributes = ['HoldfastService', 'HoldfastRunbook', 'HoldfastPhase', 'HoldfastOutcome'];

/** How to start a server. The database file keeps workflows over a restart; the log is written beside it. */
export interface TemporalOptions {
  cli: string;
  dbFile: string;
  namespace?: string;
  /** Fixed by whoever restarts a server that others are connected to; free ports are chosen otherwise. */
  port?: number;
  uiPort?: number;
  /** Without the UI, which tests do not need. */
  headless?: boolean;
  /** Outlives this process (`devbox up`). Otherwise the server ends with it, even when this process is killed. */
  keep?: boolean;
}

/** A running development server. */
export interface TemporalServer {
  address: string;
  uiAddress: string | undefined;
  pid: number;
  /** Pid and start time, for a pid file. */
  identity: string;
  /** Lets the server finish writing. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL, for tests of what survives that. */
  kill(): Promise<void>;
}

/** Starts a Temporal development server on loopback and waits until it answers with our search attributes known. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const port = options.port ?? (await freePort());
  const uiPort = options.headless ? undefined : (options.uiPort ?? (await freePort()));
  const logFile = `${options.dbFile}.log`;
  const identity = await spawnServer(options, port, uiPort, logFile);
  const address = `127.0.0.1:${port}`;
  await waitForServer(address, options.namespace ?? 'default', identity, logFile);
  return {
    address,
    uiAddress: uiPort === undefined ? undefined : `http://127.0.0.1:${uiPort}`,
    pid: Number.parseInt(identity, 10),
    identity,
    stop: () => endProcess(identity, 15_000),
    kill: async () => {
      const pid = livingPid(identity);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await hasEnded(identity, 10_000);
    },
  };
}

async function spawnServer(options: TemporalOptions, port: number, uiPort: number | undefined, logFile: string): Promise<string> {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--db-filename', options.dbFile, '--log-level', 'warn'];
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', `${uiPort}`]));
  if (options.namespace) args.push('--namespace', options.namespace);
  for (const name of searchAttributes) args.push('--search-attribute', `${name}=Keyword`);
  const { program, args: rest } = options.keep ? { program: options.cli, args } : await dieWithUs('TERM', options.cli, args);
  mkdirSync(dirname(options.dbFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(program, rest, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.on('error', () => {});
  child.unref();
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (!identity) throw new SetupFailure(`${options.cli} could not be started`, 'set TEMPORAL_CLI to a temporal program that runs');
  return identity;
}

async function waitForServer(address: string, namespace: string, identity: string, logFile: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isReady(address, namespace))) {
    const dead = livingPid(identity) === undefined;
    if (dead || Date.now() > deadline) {
      await endProcess(identity, 5_000);
      const cause = lastLines(readFileSync(logFile, 'utf8'), 1);
      throw new SetupFailure(`the Temporal server ${dead ? 'ended' : 'did not answer'}: ${cause}`, `read ${logFile} and start again`);
    }
    await sleep(100);
  }
}

async function isReady(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 2_000 });
    await connection.workflowService.describeNamespace({ namespace });
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    return searchAttributes.every((name) => name in (known.customAttributes ?? {}));
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
