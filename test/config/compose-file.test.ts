import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkCompose } from '../../src/cli/doctor/check-compose.ts';
import { readComposeFile } from '../../src/config/compose-file.ts';
import type { Config } from '../../src/config/config.ts';
import { noDrillSettings } from '../../src/domain/drill/drill-settings.ts';
import { failing } from '../support/failing.ts';
import { readConfig } from './read-config.ts';

let directory: string;
let path: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast compose-'));
  path = join(directory, 'docker-compose.test.yml');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('is read with its merge keys and aliases, and known by its bytes', async () => {
  const text = 'x-common: &common { user: node }\nservices: { api: { <<: *common, image: shop, tty: no } }\n';
  await writeFile(path, text);
  expect(await readComposeFile(path)).toEqual({ value: { 'x-common': { user: 'node' }, services: { api: { user: 'node', image: 'shop', tty: 'no' } } }, sha256: createHash('sha256').update(text).digest('hex') });
});

test.each([
  ['services: { api: swordfish', 'line 1 is no YAML'], ['services:\n  api: {}\n  api: { swordfish: 1 }', 'line 3 is no YAML'], ['services:\n  api: !override { swordfish: 1 }', 'line 2 is no YAML'], ['services: *swordfish', 'an alias in it leads nowhere'], [`a: ${'x'.repeat(1024 * 1024)}`, 'at most 1048576 are read'],
])('%.40s is refused, and not repeated', async (text, cause) => {
  await writeFile(path, text);
  const failure = await failing('EnvironmentRefused', readComposeFile(path));
  expect(failure.fields).toMatchObject({ object: 'docker-compose.test.yml', cause: expect.stringContaining(cause) as string });
  expect(failure.message).not.toContain('swordfish');
});

test('that is not there, or a directory, is refused', async () => {
  expect((await failing('EnvironmentRefused', readComposeFile(join(directory, 'nothing.yml')))).fields.cause).toBe('it is not there');
  expect((await failing('EnvironmentRefused', readComposeFile(directory))).fields.cause).toBe('EISDIR');
});

test('is what holdfast doctor looks at: who stands for what, or all that is refused', async () => {
  const [service] = readConfig('services: { shop: { postgres: { container: db }, redis: { container: cache } } }\nrepositories: { nas: { url: /b } }').services;
  const config = (drill: object): Config => ({ services: [{ ...service, drill: { ...noDrillSettings, ...drill } }] }) as unknown as Config;
  expect(await checkCompose(config({}))).toEqual([]);
  const compose = { file: path, databases: { redis: 'store' } };
  await writeFile(path, 'services: { db: { image: "postgres:17" }, store: { image: "redis:8" }, api: { image: shop } }');
  expect(await checkCompose(config({ compose }))).toEqual([{ verdict: 'ok', what: 'shop, drills', found: `${path}: db as postgres, store as redis; beside them api`, next: null }]);
  await writeFile(path, 'services: { db: { image: "postgres:17", build: . }, store: { image: "redis:8" }, api: { image: shop, privileged: true } }');
  expect((await checkCompose(config({ compose }))).map(({ verdict, found }) => `${verdict} ${found.slice(path.length)}`)).toEqual([
    'FAIL : services.db.build: nothing is built in a drill: build the image before, and name it as image', 'FAIL : services.api.privileged: a drill gives nobody more rights than it does by itself',
  ]);
  await rm(path);
  expect(await checkCompose(config({ compose }))).toMatchObject([{ verdict: 'FAIL', found: 'it is not there' }]);
});
