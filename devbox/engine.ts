import { mkdirSync, openSync, closeSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { disableServices, ensureDebianPackages, packageVersion } from './debian-packages.ts';
import { askEngine, engineVersion } from './docker-connection.ts';
import { admitTraffic, engineNetwork, withdrawTraffic } from './engine-network.ts';
import { withFileLock } from './file-lock.ts';
import { endProcess, identifyProcess, livingPid } from './process-identity.ts';
import { findProgram, lastLines, withSystemPath } from './run-command.ts';
import { SetupFailure } from './setup-failure.ts';
import { runtimeDirectory, stateFolder } from './state-directory.ts';
import { step } from './steps.ts';

/** A Docker engine somebody may use. */
export interface Engine {
  dockerHost: string;
  startedByUs: boolean;
  /** Is it somebody else's? Then nothing of ours may get a name there that is not ours. */
  ofUser: boolean;
  /** Gives the engine up; the last one to give a private one up ends it. Does nothing to a user's. Idempotent. */
  stop(): Promise<void>;
}

const defaultSocket = 'unix:///var/run/docker.sock';

/** For the demo: the user's engine when one answers, else the private one. */
export async function ensureEngineForDemo(): Promise<Engine> {
  const wanted = process.env['DOCKER_HOST'];
  const candidate = wanted || defaultSocket;
  const answer = await askEngine(candidate);
  if (answer === 'forbidden') throw notAllowed(candidate);
  if (answer) {
    await step('docker engine', async () => ({ value: undefined, outcome: `yours at ${candidate} (${answer.version})` }));
    return { dockerHost: candidate, startedByUs: false, ofUser: true, stop: async () => {} };
  }
  if (wanted) {
    throw new SetupFailure(`no Docker engine answers at DOCKER_HOST=${wanted}`, 'start it, or unset DOCKER_HOST to get a private one');
  }
  return ensurePrivateEngine();
}

/** There is an engine; starting another beside it would hide that, and could not work without root either. */
export function notAllowed(dockerHost: string): SetupFailure {
  return new SetupFailure(`a Docker engine is at ${dockerHost}, but this user may not open its socket`, 'run this as a user of the group docker ("newgrp docker" after being added to it) or as root, or set DOCKER_HOST to another engine');
}

/**
 * An engine of our own: own socket, data root, exec root and pid file; no default bridge, so nothing of a user's
 * network setup is touched. Attaches when it already runs. Two callers at once share one engine. With `keep`, it
 * stays after its users are gone (`devbox up`).
 */
export async function ensurePrivateEngine(options: { keep?: boolean } = {}): Promise<Engine> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new SetupFailure('a Docker engine of our own needs Linux and root', 'run this as root on Debian; for the demo, starting Docker or setting DOCKER_HOST will do');
  }
  const paths = enginePaths();
  return step('docker engine', () =>
    withFileLock(paths.lockFile, 180_000, async () => {
      const running = await engineVersion(paths.dockerHost);
      const version = running ?? (await installAndStart(paths));
      holdEngine(paths, options.keep ?? false);
      const outcome = running ? `private one runs already (${version})` : `started privately (docker.io ${version})`;
      const engine = { dockerHost: paths.dockerHost, startedByUs: !running, ofUser: false, stop: () => releaseEngine(paths) };
      return { value: engine, outcome };
    }),
  );
}

/** Where the private engine of this state directory lives. Exported for `status` and for tests that kill the engine. */
export function enginePaths(): ReturnType<typeof pathsBelow> {
  return pathsBelow(runtimeDirectory());
}

function pathsBelow(runtime: string) {
  return {
    runtime,
    dockerHost: `unix://${join(runtime, 'docker.sock')}`,
    pidFile: join(runtime, 'dockerd.pid'),
    identityFile: join(runtime, 'dockerd.identity'),
    lockFile: join(runtime, 'engine.lock'),
    holders: join(runtime, 'holders'),
  };
}

type EnginePaths = ReturnType<typeof pathsBelow>;

/** The private engine's pid, when it runs. */
export function privateEnginePid(): number | undefined {
  const identity = readIfThere(enginePaths().identityFile);
  return identity ? livingPid(identity) : undefined;
}

/** Keeps the private engine for something that outlives this process, until `stopKeptEngine` with the same name. */
export function keepEngineFor(name: string): void {
  const { holders } = enginePaths();
  mkdirSync(holders, { recursive: true });
  writeFileSync(join(holders, keptName(name)), '');
}

/** Ends the private engine that was kept under this name, unless something else still uses it. */
export async function stopKeptEngine(name?: string): Promise<'stopped' | 'in use' | 'not running'> {
  const paths = enginePaths();
  rmSync(join(paths.holders, keptName(name)), { force: true });
  if (privateEnginePid() === undefined) return 'not running';
  await releaseEngine(paths);
  return privateEnginePid() === undefined ? 'stopped' : 'in use';
}

async function installAndStart(paths: EnginePaths): Promise<string> {
  const added = await ensureDebianPackages(await missingPackages(), 'a Docker engine of our own');
  if (added.includes('docker.io')) await disableServices(['docker', 'containerd'], ['docker']);
  await endLeftoverEngine(paths);
  const logFile = join(stateFolder('engine'), 'dockerd.log');
  const identity = spawnEngine(paths, logFile);
  await waitForEngine(paths, identity, logFile);
  await admitTraffic(engineNetwork(paths.runtime));
  return (await engineVersion(paths.dockerHost)) ?? (await packageVersion('docker.io')) ?? 'unknown';
}

async function missingPackages(): Promise<string[]> {
  const packages: string[] = [];
  if (!(await findProgram('dockerd'))) packages.push('docker.io');
  if (!(await findProgram('iptables'))) packages.push('iptables');
  return packages;
}

/** An engine that runs but does not answer is ended; what a killed one left behind (pid file, socket) is removed. */
async function endLeftoverEngine(paths: EnginePaths): Promise<void> {
  const identity = readIfThere(paths.identityFile);
  if (identity) await endProcess(identity, 20_000);
  await endLeftoverContainerd(paths);
  rmSync(paths.pidFile, { force: true });
  rmSync(paths.dockerHost.slice('unix://'.length), { force: true });
}

/**
 * A killed dockerd takes its containerd along, but the next one finds the pid file and waits in vain for whatever has
 * that number (a zombie will do). So the pid file goes, and its process too if it is that containerd.
 */
async function endLeftoverContainerd(paths: EnginePaths): Promise<void> {
  const folder = join(paths.runtime, 'exec', 'containerd');
  const pid = readIfThere(join(folder, 'containerd.pid'))?.trim();
  const ours = readIfThere(`/proc/${pid}/cmdline`)?.includes(folder) ?? false;
  const identity = ours ? identifyProcess(Number(pid)) : undefined;
  if (identity) await endProcess(identity, 10_000);
  rmSync(join(folder, 'containerd.pid'), { force: true });
}

/**
 * Go's collector, for the engine and all that it starts: most of that are programs that live for a tenth of a second, a
 * dozen for each container. A container takes a tenth less of a core so, a command in one the same.
 */
const lazyCollection = { GOGC: 'off', GOMEMLIMIT: '256MiB' };

/** Detached: Ctrl-C on our terminal must not reach the engine before the containers were cleaned up. */
function spawnEngine(paths: EnginePaths, logFile: string): string {
  mkdirSync(paths.runtime, { recursive: true, mode: 0o700 });
  const config = join(paths.runtime, 'daemon.json');
  writeFileSync(config, JSON.stringify({ 'default-address-pools': [{ base: engineNetwork(paths.runtime).subnet, size: 24 }] }));
  const log = openSync(logFile, 'w');
  const child = spawn(
    'dockerd',
    [
      '--config-file', config,
      '--host', paths.dockerHost,
      '--data-root', stateFolder('engine', 'data'),
      '--exec-root', join(paths.runtime, 'exec'),
      '--pidfile', paths.pidFile,
      '--bridge=none',
      '--iptables=false',
      '--ip-forward=false',
      '--log-level=warn',
    ],
    { detached: true, stdio: ['ignore', log, log], env: { ...withSystemPath(process.env), ...lazyCollection } },
  );
  closeSync(log);
  child.on('error', () => {});
  child.unref();
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (!identity) throw new SetupFailure('dockerd could not be started', 'check that the package docker.io is installed whole ("dockerd --version")');
  writeFileSync(paths.identityFile, identity);
  return identity;
}

async function waitForEngine(paths: EnginePaths, identity: string, logFile: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await engineVersion(paths.dockerHost, 1_000))) {
    const dead = livingPid(identity) === undefined;
    if (dead || Date.now() > deadline) {
      if (!dead) await endProcess(identity, 10_000);
      const cause = lastLines(readIfThere(logFile) ?? '', 1) || 'no word in its log';
      throw new SetupFailure(`the private dockerd ${dead ? 'ended' : 'did not answer'}: ${cause}`, `read ${logFile}, or set DOCKER_HOST for the demo`);
    }
    await sleep(100);
  }
}

/** Every user of the private engine leaves its name there; an engine with a living user is not stopped. */
function holdEngine(paths: EnginePaths, keep: boolean): void {
  mkdirSync(paths.holders, { recursive: true });
  writeFileSync(join(paths.holders, keep ? keptName() : (identifyProcess(process.pid) ?? 'unknown')), '');
}

/** `keep` for `devbox up`, `keep-<name>` for others. */
const keptName = (name?: string): string => (name === undefined ? 'keep' : `keep-${name}`);

/** Whether somebody beside this process uses the private engine: a kept devbox, another run. */
export function isPrivateEngineShared(): boolean {
  return isShared(enginePaths());
}

function isShared(paths: EnginePaths): boolean {
  const own = identifyProcess(process.pid);
  return readFolder(paths.holders).some((name) => name !== own && (name.startsWith(keptName()) || livingPid(name) !== undefined));
}

async function releaseEngine(paths: EnginePaths): Promise<void> {
  await withFileLock(paths.lockFile, 60_000, async () => {
    rmSync(join(paths.holders, identifyProcess(process.pid) ?? 'unknown'), { force: true });
    if (isShared(paths)) return;
    const identity = readIfThere(paths.identityFile);
    if (identity) await endProcess(identity, 45_000);
    await withdrawTraffic(engineNetwork(paths.runtime));
    rmSync(paths.identityFile, { force: true });
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
