import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveKeyText } from '../../../src/config/secrets.ts';
import { noDrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { openActivityStage, stageNamespace, stageService, type ActivityStage } from '../../support/activity-stage.ts';
import { failing } from '../../support/failing.ts';

let stage: ActivityStage;
let file: string;
beforeAll(async () => {
  stage = await openActivityStage();
  file = join(stage.directory, 'mail.pem');
});
afterAll(() => stage.remove());

const run = (runId: string) => ({ namespaceId: stageNamespace, workflowId: 'holdfast/drill/shop/x', runId });

/** As the worker looks, in an environment of the test's. */
function activities(runId: string) {
  const service: ServiceDefinition = { ...stageService, drill: { ...noDrillSettings, keys: [{ name: 'mail', kept: { file } }, { name: 'api', kept: { env: 'API_KEY' } }] } };
  return stage.as(run(runId), { services: new Map([[service.name, service]]), requireKey: async (reference) => void await resolveKeyText(reference, { API_KEY: 'the-secret-of-the-api' }) });
}

test('each is told by name and place, found or why not, and never what it is; the drill has begun with it', async () => {
  const found = await activities('first').findDrillKeys({ service: 'shop', kind: 'rebuild' });
  expect(found).toEqual([{ name: 'mail', place: `file ${file}`, found: false, why: 'it does not exist' }, { name: 'api', place: 'environment variable API_KEY', found: true, why: '' }]);
  await writeFile(file, '-----BEGIN KEY-----\nof several lines\n-----END KEY-----\n');
  const again = await activities('first').findDrillKeys({ service: 'shop', kind: 'rebuild' });
  expect(again.map((key) => key.found)).toEqual([true, true]);
  expect(JSON.stringify(again)).not.toMatch(/secret|several/);
  expect((await stage.repository.drills.list('shop')).map(({ claim }) => [claim?.kind, claim?.run.runId])).toEqual([['rebuild', 'first']]);
});

test('one that is missing is waited for, and no longer than it is said', async () => {
  await rm(file);
  const waiting = activities('second').findDrillKeys({ service: 'shop', kind: 'rebuild', until: new Date(Date.now() + 30_000).toISOString() });
  // It has looked once by then.
  expect(await Promise.race([waiting.then(() => 'answered'), pause(500, 'waits')])).toBe('waits');
  await writeFile(file, 'brought\n');
  expect((await waiting).every(({ found }) => found)).toBe(true);
  await writeFile(file, '');
  expect((await activities('second').findDrillKeys({ service: 'shop', kind: 'rebuild', until: new Date(Date.now() + 300).toISOString() }))[0]).toMatchObject({ found: false, why: 'it is empty' });
});

test('a repository that is none of the service\'s is refused before anything is begun', async () => {
  await failing('InvalidInput', () => activities('third').findDrillKeys({ service: 'shop', kind: 'rebuild', repository: 'elsewhere' }));
  expect((await stage.repository.drills.list('shop')).some(({ claim }) => claim?.run.runId === 'third')).toBe(false);
});
