/**
 * A few of the zoo: kinds of broken backups and environments that each get the answer they have to, and healthy ones that raise no alarm. All of it by `npm run test:zoo`.
 * @module-tag long
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGround, type Ground } from '../zoo/ground.ts';
import { rolesSql, runRound } from '../zoo/healthy/rounds.ts';
import { inLanes } from '../zoo/lanes.ts';
import { allKinds } from '../zoo/kinds/all.ts';
import type { ZooResult } from '../zoo/result.ts';
import { runAnimal } from '../zoo/run-animal.ts';

/** One of each house, and cheap; those of PostgreSQL are what this product was mended for. */
const chosen = ['dump-a-link', 'rdb-no-rdb-and-signed', 'manifest-of-another-repository', 'extension-missing', 'generated-column-computed-otherwise', 'key-in-another-database', 'tests-fail', 'network-refused'];

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground?.stop());

test('what is broken is answered as it has to be', async () => {
  const animals = allKinds.filter(({ name }) => chosen.includes(name));
  expect(animals).toHaveLength(chosen.length);
  const results = await inLanes(animals, { lanes: 2, signal: new AbortController().signal, run: (animal) => runAnimal(ground, animal), tell: () => undefined });
  expect(wrongOf(results)).toEqual([]);
  expect(await ground.service.leftovers()).toEqual([]);
});

test('what is healthy is proven', async () => {
  await ground.service.sql(rolesSql, 'postgres');
  const result = await runRound(ground.service, 'healthy/17', { major: 17, seed: 7, databases: 1 });
  expect(wrongOf([result])).toEqual([]);
  expect(result.compared).toMatchObject({ databases: 1, keyspaces: 10 });
});

const wrongOf = (results: readonly ZooResult[]): readonly string[] => results.flatMap(({ name, wrong }) => wrong.map((each) => `${name}: ${each}`));
