import { expect, test } from 'vitest';
import { demoImages, ensureImages, standIn } from '../../devbox/images.ts';
import { imageRecipes } from '../../devbox/images/recipes.ts';
import { testDockerHost } from '../support/docker.ts';

test('what is there is used, under the name that it has there', async () => {
  for (const ofUser of [true, false]) {
    expect([...await ensureImages({ dockerHost: testDockerHost(), ofUser }, demoImages)]).toEqual(demoImages.map((tag) => [tag, tag]));
  }
});

test('what is built for a user\'s engine is taken for no official image', () => {
  for (const recipe of imageRecipes) expect(standIn(recipe)).toEqual({ ...recipe, tag: `holdfast-demo-${recipe.tag}` });
});
