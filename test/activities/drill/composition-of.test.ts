import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { backupInto, chosenCompose, compositionOf } from '../../../src/activities/drill/composition-of.ts';
import { secretsIn } from '../../../src/activities/drill/composed-activities.ts';
import type { ComponentBackup } from '../../../src/domain/backup-manifest.ts';
import { noDrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import { stageService } from '../../support/activity-stage.ts';
import { failing } from '../../support/failing.ts';

const file = '/srv/shop/docker-compose.test.yml';
const definition = { ...stageService, drill: { ...noDrillSettings, compose: { file, databases: {} } } };
const reading = (text: string, sha256 = 'a') => ({ readCompose: async (path: string) => ({ value: path === file ? parse(text) as unknown : null, sha256 }) });
const sound = 'services: { db: { image: "postgres:17", ports: ["5432:5432"] }, cache: { image: "redis:8" }, api: { image: shop, environment: { HOST: "${PGHOST}" } } }';

test('a service without a compose file has none, and none is read', async () => {
  expect(await compositionOf({ readCompose: () => Promise.reject(new Error('it was read')) }, stageService)).toBeNull();
});

test('a run refers to it by its hash, and carries no more of it than names', async () => {
  const found = await compositionOf(reading(sound), definition, { sha256: 'a', variables: { PGHOST: 'postgres' } });
  expect(found?.services[0]?.environment).toEqual({ HOST: 'postgres' });
  expect(found === null ? null : chosenCompose(found)).toEqual({ file: 'docker-compose.test.yml', sha256: 'a', services: ['api'], setAside: ['ports of db'] });
  await failing('PlanChanged', compositionOf(reading(sound, 'b'), definition, { sha256: 'a' }));
});

test('what is refused is told by name, and is bounded', async () => {
  expect((await failing('EnvironmentRefused', compositionOf(reading('services: { api: { build: . } }'), definition))).fields).toMatchObject({ object: 'docker-compose.test.yml', cause: 'services.api.build: nothing is built in a drill: build the image before, and name it as image' });
  const many = `services: { ${Array.from({ length: 400 }, (_, each) => `s${each}: { image: x, ${'k'.repeat(500)}: 1 }`).join(', ')} }`;
  const { cause } = (await failing('EnvironmentRefused', compositionOf(reading(many), definition))).fields;
  expect(cause).toMatch(/; and 381 more$/);
  expect(cause.length).toBeLessThan(5_000);
});

test('a backup is brought back in the image of the service that stands for it, which is looked at like any other than its own', () => {
  const backup = { engine: 'redis', component: 'redis', server: { image: 'redis:8', imageId: 'sha256:own', version: '8.0.2' } } as unknown as ComponentBackup;
  expect(backupInto(backup, undefined)).toBe(backup);
  expect(backupInto(backup, { service: 'cache', names: ['cache'], image: 'redis:8-alpine', password: null }).server).toEqual({ image: 'redis:8-alpine', imageId: `sha256:${'0'.repeat(64)}`, version: '8.0.2' });
});

test('what is nobody\'s to see is told by the name of its variable', () => {
  expect(secretsIn({ DB_PASSWORD: 'one', API_KEY: 'two', AUTH_TOKEN: 'three', PORT: '8009' })).toEqual(['one', 'two', 'three']);
});
