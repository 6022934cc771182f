/**
 * A canary in both stores: written once before a backup, whoever does it twice; found by a drill of that backup, missed where it is not, and a later one's past it.
 * @module-tag long
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import { readReport } from '../../src/report/read-report.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { loseFirstAnswers } from '../chaos/fault/lose-answers.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
let base: string;
/** What befalls the run of the moment. */
let trouble: Probe = {};

beforeAll(async () => {
  service = await startWalService({ redisArguments: ['--appendonly', 'yes', '--aof-timestamp-enabled', 'yes'] });
  service.define({ canary: true, components: [service.component, { engine: 'redis', name: 'redis', container: (await service.runtime.inspect(service.redis)).name, aof: 'archive' }] });
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY, note text)');
  const { wrap, hooks } = instrument(service.config, { before: async (call) => trouble.before?.(call), after: async (call) => trouble.after?.(call) });
  await service.startKeeping(wrap, hooks);
});
afterAll(() => service?.stop());
afterEach(async () => {
  trouble = {};
  expect(await service.leftovers()).toEqual(expect.not.arrayContaining([expect.stringContaining('drill')]));
});

const take = (input: object = {}) => service.run<TakeBackupResult>('takeBackup', { service: service.name, ...input });
const manifestPath = (backup: string): string => join(service.repositoryPath, service.name, 'backups', backup, 'manifest.json');
const manifestOf = async (backup: string): Promise<BackupManifest> => JSON.parse(await readFile(manifestPath(backup), 'utf8')) as BackupManifest;

/** How a drill ended, and what each store was found to have in the canary's place. */
async function drilled(input: object): Promise<{ readonly ended: string; readonly canaries: Readonly<Record<string, string>>; readonly sentences: Readonly<Record<string, string>> }> {
  const run = await service.start('runDrill', { service: service.name, depth: 'restore', ...input });
  const ended = await run.result().then(() => 'proven', (error: unknown) => String((error as WorkflowFailedError & { cause: { type?: string } }).cause.type));
  const directory = join(service.repositoryPath, service.name, 'drills');
  const { checks } = readReport(await readFile(join(directory, (await readdir(directory)).sort().at(-1) ?? '', 'report.json'), 'utf8')).signed?.report as DrillReport;
  if (ended === 'proven') expect(checks.filter(({ verdict }) => verdict !== 'proven')).toEqual([]);
  expect(checks.filter(({ name }) => name.startsWith('content')).map(({ class: found }) => found)).toEqual(['asExpected', 'asExpected']);
  const of = checks.filter(({ name }) => name.startsWith('canary'));
  return { ended, canaries: Object.fromEntries(of.map(({ name, class: found }) => [name, found])), sentences: Object.fromEntries(of.map(({ name, sentence }) => [name, sentence])) };
}

test('it is written once into each store though the step is done twice, named by the manifest, and found by a drill of that backup', async () => {
  const { probe, lost } = loseFirstAnswers(({ activity }) => activity === 'plantCanary' || activity === 'checkDrill');
  trouble = probe;
  base = (await take({ kind: 'base' })).backupId;
  const { format, canary, run } = await manifestOf(base);
  expect([format, canary]).toEqual([3, { nonce: expect.stringMatching(/^[0-9a-f]{32}$/) as string, writtenAt: expect.any(String) as string, components: ['postgres', 'redis'] }]);
  expect(await service.sql('SELECT nonce, to_char(written_at AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') FROM holdfast.canary')).toBe(`${canary?.nonce}|${canary?.writtenAt}`);
  expect(JSON.parse(await service.redisCli('GET', 'holdfast:canary'))).toEqual({ nonce: canary?.nonce, writtenAt: canary?.writtenAt });
  expect(run.runId).not.toContain(canary?.nonce);
  const { ended, canaries, sentences } = await drilled({ backup: base });
  expect([ended, canaries]).toEqual(['proven', { 'canary:postgres': 'asExpected', 'canary:redis': 'asExpected' }]);
  expect(sentences['canary:postgres']).toMatch(new RegExp(`^It has the nonce that was written at ${canary?.writtenAt}, before backup ${base} was taken`));
  expect([...lost].sort()).toEqual(['runDrill/checkDrill:postgres#1', 'runDrill/checkDrill:redis#1', 'takeBackup/plantCanary:postgres#1', 'takeBackup/plantCanary:redis#1']);
});

test('a store that does not have it is told, and so is one that has another run\'s', async () => {
  const meanwhile = async (point: string, work: () => Promise<unknown>): Promise<string> => {
    trouble = { before: async (call) => void (callText(call) === point && await work()) };
    const { backupId } = await take();
    trouble = {};
    return backupId;
  };
  const gone = await meanwhile('takeBackup/backUpComponent:postgres#1', () => service.sql('DELETE FROM holdfast.canary'));
  const other = await meanwhile('takeBackup/backUpComponent:redis#1', () => service.redisCli('SET', 'holdfast:canary', JSON.stringify({ nonce: '0f'.repeat(16), writtenAt: '2026-11-23T01:00:00.000Z' })));
  for (const backup of [gone, other]) expect((await manifestOf(backup)).canary?.components).toEqual(['postgres', 'redis']);
  expect(await drilled({ backup: gone })).toMatchObject({ ended: 'ProofFailed', canaries: { 'canary:postgres': 'canaryMissing', 'canary:redis': 'asExpected' }, sentences: { 'canary:postgres': expect.stringMatching(/^It has no canary/) as string } });
  expect(await drilled({ backup: other })).toMatchObject({
    ended: 'ProofFailed', canaries: { 'canary:postgres': 'asExpected', 'canary:redis': 'canariesDisagree' }, sentences: { 'canary:postgres': expect.stringContaining(`before backup ${other}`) as string, 'canary:redis': expect.stringMatching(/^It has another nonce, written at 2026-11-23T01:00:00\.000Z/) as string },
  });
});

test('a manifest that names another nonce is of none of what came back', async () => {
  const { manifestSha256: _old, ...manifest } = await manifestOf(base) as BackupManifest & { manifestSha256: string };
  const original = await readFile(manifestPath(base), 'utf8');
  const changed = { ...manifest, canary: { ...manifest.canary, nonce: '1e'.repeat(16) } };
  await rm(manifestPath(base));
  await writeFile(manifestPath(base), canonicalJson({ ...changed, manifestSha256: createHash('sha256').update(canonicalJson(changed)).digest('hex') }));
  try {
    expect(await drilled({ backup: base })).toMatchObject({ ended: 'ProofFailed', canaries: { 'canary:postgres': 'canaryMissing', 'canary:redis': 'canaryMissing' } });
  } finally {
    await rm(manifestPath(base));
    await writeFile(manifestPath(base), original);
  }
});

test('a store that takes no writes costs no backup: it is said, and a drill looks only where one was written', async () => {
  await service.redisCli('CONFIG', 'SET', 'min-replicas-to-write', '1');
  const run = await service.start<TakeBackupResult>('takeBackup', { service: service.name });
  const { backupId } = await run.result().finally(() => service.redisCli('CONFIG', 'SET', 'min-replicas-to-write', '0'));
  expect((await run.query(statusQuery)).events.filter(({ text }) => text.includes('anary')).map(({ kind, text }) => [kind, text])).toEqual([
    ['warning', expect.stringMatching(/^No canary in redis: Redis answered: NOREPLICAS .*The backup goes on/)], ['note', 'Canary written into postgres'],
  ]);
  expect((await manifestOf(backupId)).canary?.components).toEqual(['postgres']);
  const { ended, canaries, sentences } = await drilled({ backup: backupId });
  expect([ended, canaries]).toEqual(['proven', { 'canary:postgres': 'asExpected', 'canary:redis': 'asExpected' }]);
  expect(sentences['canary:redis']).toContain('It says nothing about what the backup holds');
});

test('a rebuild that comes past the base backup finds the one of a later backup in both stores', async () => {
  const { canary } = await manifestOf((await take()).backupId);
  await pause(1_100);
  await service.sql('INSERT INTO orders VALUES (1, \'the last\')');
  await pause(2_100);
  await service.kept();
  const { aof } = createRepository('local', createLocalStorage(service.repositoryPath));
  const nowSecond = Math.floor(Date.now() / 1000);
  await waitFor(async () => ((await aof.looks({ service: service.name, component: 'redis' })).at(-1)?.coveredSecond ?? 0) >= nowSecond);
  const { ended, canaries, sentences } = await drilled({ depth: 'rebuild' });
  expect([ended, canaries]).toEqual(['proven', { 'canary:postgres': 'asExpected', 'canary:redis': 'asExpected' }]);
  for (const sentence of Object.values(sentences)) expect(sentence).toMatch(new RegExp(`^It has the nonce of a later backup, written at ${canary?.writtenAt}: its log led past backup ${base}`));
});
