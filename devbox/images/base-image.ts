import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { ensureDebianPackages } from '../debian-packages.ts';
import { followProgress } from '../engine-progress.ts';
import { lastLines, runCommand, withSystemPath } from '../run-command.ts';
import { SetupFailure } from '../setup-failure.ts';
import { stateFolder } from '../state-directory.ts';
import { announce, step } from '../steps.ts';
import { configurePackageManager, findDebianMirror } from './debian-mirror.ts';

/** Debian releases that images are built from. */
export type Suite = 'bookworm' | 'trixie' | 'sid';

/** Raised by hand when the way a base image is made changes: that makes new ones, and new images of all above them. */
export const baseRevision = 1;

const omitted = ['usr/share/doc/*', 'usr/share/man/*', 'usr/share/info/*', 'usr/share/locale/*', 'var/cache/apt/*', 'var/lib/apt/lists/*'];

/**
 * The Debian base layer of one release as an image of the engine, made by debootstrap when missing. Returns its name,
 * which carries the revision of how it is made. Needs root and Debian. One at a time: debootstrap wants the whole machine.
 */
export async function ensureBaseImage(docker: Docker, suite: Suite): Promise<string> {
  const name = `holdfast-devbox-base:${suite}-${baseRevision}`;
  if (await imageExists(docker, name)) return name;
  return step('base image', async () => {
    announce('base image', `making Debian ${suite} with debootstrap (about 25 s, once)`);
    await ensureDebianPackages(['debootstrap'], 'Debian base images');
    // A fixed name, so that the rest of an interrupted run is removed by the next; the images' lock keeps others away.
    const root = join(stateFolder('rootfs'), suite);
    try {
      await removeRoot(root);
      await bootstrap(root, suite);
      await importRoot(docker, root, name);
    } finally {
      await removeRoot(root);
    }
    return { value: name, outcome: `Debian ${suite} made` };
  });
}

/** Whether the engine has an image of this name. */
export async function imageExists(docker: Docker, name: string): Promise<boolean> {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** An interrupted debootstrap can leave file systems mounted there. */
async function removeRoot(root: string): Promise<void> {
  for (const name of ['proc', 'sys']) await runCommand('umount', ['--quiet', join(root, name)], { cleanUp: true });
  rmSync(root, { recursive: true, force: true });
}

async function bootstrap(root: string, suite: Suite): Promise<void> {
  const mirror = await findDebianMirror();
  const args = ['--variant=minbase', suite, root, mirror.url];
  const made = await runCommand('debootstrap', args, { timeoutMs: 600_000 });
  if (made.exitCode !== 0) {
    throw new SetupFailure(
      `debootstrap could not make Debian ${suite}: ${lastLines(made.output)}`,
      `check that ${mirror.url} answers and start again`,
    );
  }
  configurePackageManager(root, mirror);
}

/** The root file system goes as a tar stream straight into the engine. */
async function importRoot(docker: Docker, root: string, name: string): Promise<void> {
  const exclusions = omitted.map((path) => `--exclude=./${path}`);
  const tar = spawn('tar', ['-C', root, '--one-file-system', ...exclusions, '-c', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: withSystemPath(process.env),
  });
  const ended = new Promise<number | null>((resolve) => tar.on('close', resolve));
  const [repo, tag] = name.split(':');
  const progress = await docker.importImage(tar.stdout, { repo, tag });
  const { failure } = await followProgress(docker, progress);
  if ((await ended) !== 0 || failure) {
    throw new SetupFailure(`the Debian base could not be packed from ${root}: ${failure ?? 'tar failed'}`, 'check the free space there and start again');
  }
}
