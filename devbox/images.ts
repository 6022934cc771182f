import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { connectDocker } from './docker-connection.ts';
import { withFileLock } from './file-lock.ts';
import { baseRevision, ensureBaseImage } from './images/base-image.ts';
import { buildImage } from './images/build-image.ts';
import { pullImage } from './images/pull-image.ts';
import { benchRecipes, extensionRecipes, imageRecipes, minorRecipes, type ImageRecipe } from './images/recipes.ts';
import { SetupFailure } from './setup-failure.ts';
import { stateDirectory } from './state-directory.ts';
import { announce, step } from './steps.ts';

const label = 'dev.holdfast.devbox';

/** All database images the tests want; the demo wants the first two. */
export const testImages: readonly string[] = [...imageRecipes, ...minorRecipes, ...extensionRecipes].map((recipe) => recipe.tag);
export const demoImages: readonly string[] = ['postgres:17', 'redis:8'];

/**
 * Sees to it that the engine has these images: what is there is reused, else the official image is pulled, else an
 * equivalent is built from Debian packages. One of ours is rebuilt when its inputs changed; an official one is never
 * touched. Idempotent; two runs at once take turns. Answers under which name each is there: on a user's engine what we
 * built gets a name of ours, for a later `docker run postgres:17` of theirs has to mean the official image.
 */
export async function ensureImages(engine: { dockerHost: string; ofUser?: boolean }, tags: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const docker = connectDocker(engine.dockerHost);
  return withFileLock(join(stateDirectory(), 'images.lock'), 1_200_000, async () => {
    const names = new Map<string, string>();
    const missing: ImageRecipe[] = [];
    for (const recipe of tags.map(recipeOf)) {
      const present = await findPresent(docker, engine.ofUser ? [recipe, standIn(recipe)] : [recipe]);
      if (present === undefined) missing.push(recipe);
      else names.set(recipe.tag, present);
    }
    if (names.size > 0) await step('images', async () => ({ value: undefined, outcome: `${[...names.values()].join(', ')} present` }));
    const unpulled = [...await pullWhatAnswers(docker, missing.filter(({ ownOnly }) => ownOnly !== true)), ...missing.filter(({ ownOnly }) => ownOnly === true)];
    await buildAll(docker, unpulled.map((recipe) => (engine.ofUser ? standIn(recipe) : recipe)));
    for (const recipe of missing) names.set(recipe.tag, engine.ofUser && unpulled.includes(recipe) ? standIn(recipe).tag : recipe.tag);
    // What a rebuilt image replaced is of no use any more; only our own are looked at.
    if (unpulled.length > 0) await docker.pruneImages({ filters: { dangling: ['true'], label: [label] } });
    return names;
  });
}

/** The same image under a name that nobody takes for the official one. */
export const standIn = (recipe: ImageRecipe): ImageRecipe => ({ ...recipe, tag: `holdfast-demo-${recipe.tag}` });

async function findPresent(docker: Docker, recipes: readonly ImageRecipe[]): Promise<string | undefined> {
  for (const recipe of recipes) if (!(await isMissing(docker, recipe))) return recipe.tag;
  return undefined;
}

function recipeOf(tag: string): ImageRecipe {
  const recipe = [...imageRecipes, ...minorRecipes, ...extensionRecipes, ...benchRecipes].find((candidate) => candidate.tag === tag);
  if (!recipe) throw new SetupFailure(`no recipe for the image ${tag}`, `use one of ${testImages.join(', ')}`);
  return recipe;
}

async function isMissing(docker: Docker, recipe: ImageRecipe): Promise<boolean> {
  try {
    const hash = (await docker.getImage(recipe.tag).inspect()).Config.Labels?.[label];
    return hash !== undefined && hash !== hashOfInputs(recipe);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return true;
    throw error;
  }
}

/** After the first refusal no registry is asked again in this run: where one is closed, they all are. */
async function pullWhatAnswers(docker: Docker, recipes: readonly ImageRecipe[]): Promise<readonly ImageRecipe[]> {
  for (const [index, recipe] of recipes.entries()) {
    const pulled = await step('image', async () => {
      const refusal = await pullImage(docker, recipe.tag);
      if (!refusal) return { value: true, outcome: `${recipe.tag} pulled` };
      return { value: false, outcome: `${recipe.tag}: no registry answers, building from Debian packages` };
    });
    if (!pulled) return recipes.slice(index);
  }
  return [];
}

/** Release by release: images of one release share their base and are built two at a time; at last those that are built upon another image, which has to be there. */
async function buildAll(docker: Docker, recipes: readonly ImageRecipe[]): Promise<void> {
  if (recipes.length > 2) announce('images', `building ${recipes.length} images (about 3 minutes, once)`);
  const onBase = recipes.filter(({ on }) => on === undefined);
  for (const suite of new Set(onBase.map((recipe) => recipe.suite))) {
    const base = await ensureBaseImage(docker, suite);
    const queue = onBase.filter((recipe) => recipe.suite === suite);
    const buildNext = async (): Promise<void> => {
      for (let recipe = queue.shift(); recipe; recipe = queue.shift()) await buildOne(docker, recipe, base);
    };
    await Promise.all([buildNext(), buildNext()]);
  }
  for (const recipe of recipes) if (recipe.on !== undefined) await buildOne(docker, recipe, recipe.on);
}

async function buildOne(docker: Docker, recipe: ImageRecipe, base: string): Promise<void> {
  await step('image', async () => {
    await buildImage(docker, recipe, { base, labels: { [label]: hashOfInputs(recipe) } });
    return { value: undefined, outcome: `${recipe.tag} built from Debian ${recipe.suite}` };
  });
}

/** A changed Dockerfile, entrypoint or argument changes the hash, and with it the image, and every image upon it. */
function hashOfInputs(recipe: ImageRecipe): string {
  const hash = createHash('sha256').update(JSON.stringify([recipe, recipe.on === undefined ? baseRevision : hashOfInputs(recipeOf(recipe.on))]));
  for (const file of [recipe.dockerfile, ...recipe.files]) hash.update(readFileSync(join(import.meta.dirname, 'images', file)));
  return hash.digest('hex').slice(0, 16);
}
