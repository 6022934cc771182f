import { expect, test } from 'vitest';
import { benchRecipes, extensionRecipes, imageRecipes, minorRecipes, postgresLayout } from '../../devbox/images/recipes.ts';

test('up to PostgreSQL 17 the volume is the data directory itself', () => {
  const layout = postgresLayout(17);
  expect(layout.PGDATA_DIRECTORY).toBe('/var/lib/postgresql/data');
  expect(layout.PGDATA_VOLUME).toBe(layout.PGDATA_DIRECTORY);
});

test('from PostgreSQL 18 on the volume is one level above the major', () => {
  expect(postgresLayout(18)).toEqual({
    PG_MAJOR: '18',
    PGDATA_DIRECTORY: '/var/lib/postgresql/18/docker',
    PGDATA_VOLUME: '/var/lib/postgresql',
  });
});

test('the images of the demo are built first', () => {
  expect(imageRecipes.map((recipe) => recipe.tag)).toEqual(['postgres:17', 'redis:8', 'postgres:15', 'redis:7', 'valkey/valkey:8', 'postgres:16', 'postgres:18', 'postgres:17-alpine', 'redis:8-alpine']);
});

test('what only a bench or a test needs is built by nobody else, and asked for in no registry', () => {
  expect([...minorRecipes, ...extensionRecipes, ...benchRecipes].filter(({ tag, ownOnly }) => ownOnly !== true || imageRecipes.some((recipe) => recipe.tag === tag))).toEqual([]);
});
