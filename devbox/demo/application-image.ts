import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { followProgress } from '../engine-progress.ts';
import { withFileLock } from '../file-lock.ts';
import { lastLines } from '../run-command.ts';
import { SetupFailure } from '../setup-failure.ts';
import { stateDirectory, stateFolder } from '../state-directory.ts';

const repository = 'holdfast-demo-app';
const label = 'dev.holdfast.devbox';
const modules = join(import.meta.dirname, '..', '..', 'node_modules');
const sources = join(import.meta.dirname, 'application');
const dockerfile = join(import.meta.dirname, 'application.Dockerfile');
const clients = ['postgres', '@redis/client'];

/** Builds the application's image from what is here, unless the engine has this very one. Answers its tag. About 5 s. */
export async function ensureApplicationImage(docker: Docker, base: string): Promise<string> {
  const packages = withDependencies(clients);
  const tag = `${repository}:${await hashOfInputs(docker, base, packages)}`;
  return withFileLock(join(stateDirectory(), 'application-image.lock'), 300_000, async () => {
    if (!(await isPresent(docker, tag))) await build(docker, tag, base, packages);
    return tag;
  });
}

async function isPresent(docker: Docker, tag: string): Promise<boolean> {
  try {
    await docker.getImage(tag).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

async function build(docker: Docker, tag: string, base: string, packages: readonly string[]): Promise<void> {
  const context = gatherContext(packages);
  try {
    const progress = await docker.buildImage({ context, src: readdirSync(context) }, { t: tag, rm: true, forcerm: true, labels: { [label]: 'application' }, buildargs: { BASE: base } });
    const { text, failure } = await followProgress(docker, progress);
    if (failure) throw new SetupFailure(`the demo application's image could not be built: ${failure}: ${lastLines(text, 3)}`, 'check the disk space of the Docker engine and start again');
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function gatherContext(packages: readonly string[]): string {
  const context = join(stateFolder('contexts'), `application-${process.pid}`);
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  copyFileSync(dockerfile, join(context, 'Dockerfile'));
  linkOrCopy(join(modules, 'node', 'bin', 'node'), join(context, 'node'));
  cpSync(sources, join(context, 'application'), { recursive: true });
  for (const name of packages) cpSync(join(modules, name), join(context, 'application', 'node_modules', name), { recursive: true });
  return context;
}

/** 120 MB need not be copied where a link will do. */
function linkOrCopy(source: string, destination: string): void {
  try {
    linkSync(source, destination);
  } catch {
    copyFileSync(source, destination);
  }
}

/** These packages and all they depend on, each once. */
function withDependencies(names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    Object.keys(manifestOf(name).dependencies ?? {}).forEach(add);
  };
  names.forEach(add);
  return [...found].sort();
}

function manifestOf(name: string): { version: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as { version: string; dependencies?: Record<string, string> };
}

async function hashOfInputs(docker: Docker, base: string, packages: readonly string[]): Promise<string> {
  const { Id } = await docker.getImage(base).inspect();
  const hash = createHash('sha256').update(JSON.stringify([Id, process.version, packages.map((name) => [name, manifestOf(name).version])]));
  for (const file of [dockerfile, ...readdirSync(sources).sort().map((name) => join(sources, name))]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
