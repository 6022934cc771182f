/** What a report says that nobody measured in the servers: what would be lost, and of which stores that is promised. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChosenDrill } from '../../../src/activities/drill/choose-activities.ts';
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import type { DrillFindings } from '../../../src/activities/drill/record-activities.ts';
import type { KeptWay } from '../../../src/activities/drill/newest-way.ts';
import { todaysBytes } from '../../../src/activities/drill/todays-size.ts';
import type { ComponentBackup, PostgresBase } from '../../../src/domain/backup-manifest.ts';
import { drillCheck } from '../../../src/domain/drill/check.ts';
import { noDrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import { defaultObjectives } from '../../../src/domain/drill/objectives.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { openActivityStage, stageService, type ActivityStage } from '../../support/activity-stage.ts';
import { asImported, base, committed, run, sampleManifest, storeArtifacts } from '../../repository/sample-manifest.ts';
import { nothingFound, recordedReport } from './drill-record.ts';

let stage: ActivityStage;
let chosen: ChosenDrill;
let runs = 0;
beforeEach(async () => {
  stage = await openActivityStage();
  const { backupId } = await committed(stage.repository, 'shop', 'a');
  const { manifest, sha256 } = await stage.repository.readManifest('shop', backupId);
  chosen = {
    backup: { service: 'shop', repository: 'local', backupId, manifestSha256: sha256 }, choice: { kind: 'latest' }, point: manifest.point.at, newest: true,
    components: [{ name: 'postgres', engine: 'postgres', whole: false }, { name: 'redis', engine: 'redis', whole: false }], expectedChecks: ['content:postgres'], assertions: 0, tests: false, health: false,
  };
});
afterEach(() => stage.remove());

const logged: ServiceDefinition = { ...stageService, components: stageService.components.map((each) => (each.engine === 'postgres' ? { ...each, wal: 'stream' } : each)) };
const server = (component: string, at: string) => ({ component, at, imageId: 'sha256:1', version: '17.6', comparedObjects: 1, differences: [], notCompared: [] });
/** The backup is a day and an hour older than the drill. */
const facts = () => ({ ...nothingFound, chosen, servers: [server('postgres', '2026-11-23T01:00:00.123Z'), server('redis', '2026-11-23T01:00:01.000Z')], checks: [drillCheck('content:postgres', 'postgres', 'asExpected')] });

describe('what would be lost', () => {
  const lossOf = async (service: ServiceDefinition, kept?: readonly KeptWay[]) => {
    const report = await recordedReport(stage, `run-${runs += 1}`, service, { ...facts(), ...(kept === undefined ? {} : { chosen: { ...chosen, kept } }) });
    const { what, result, measuredMs, why } = report.objectives.find(({ objective }) => objective === 'rpo') ?? {};
    return { told: report.times.rpo, what, result, measuredMs, why };
  };
  const dayAndHourMs = 89_999_877;

  it('without a log is told, and judged where objectives are written down', async () => {
    expect(await lossOf(stageService)).toMatchObject({ told: { ms: dayAndHourMs }, result: 'notMeasured' });
    expect(await lossOf({ ...stageService, objectives: defaultObjectives })).toMatchObject({ result: 'missed', measuredMs: dayAndHourMs, what: 'what would be lost of postgres' });
    expect(await lossOf({ ...stageService, objectives: { ...defaultObjectives, rpo: 26 * 3_600_000 } })).toMatchObject({ result: 'met' });
  });

  it('with a log is what that lacks, though the drill brought the backup back', async () => {
    const kept = { component: 'postgres', covered: { at: '2026-11-24T01:59:52.000Z', source: 'keptLog' } } as const;
    expect(await lossOf(logged, [kept])).toMatchObject({ result: 'met', measuredMs: 8_000, what: 'what would be lost of postgres', told: { ms: 89_999_000, from: { what: 'the recovery point of the backup' } } });
    // An archive that ended before the backup was taken brings nothing farther.
    expect(await lossOf(logged, [{ ...kept, covered: { ...kept.covered, at: '2026-11-22T00:00:00.000Z' } }])).toMatchObject({ result: 'missed', measuredMs: dayAndHourMs });
  });

  it('with one that leads nowhere is the age of the backup, and is not known where nobody could look', async () => {
    expect(await lossOf(logged, [{ component: 'postgres', nowhere: 'there is no base backup' }])).toMatchObject({ result: 'missed', measuredMs: dayAndHourMs });
    expect(await lossOf(logged, [{ component: 'postgres', unknown: 'no image' }])).toMatchObject({ result: 'notMeasured', why: 'postgres: how far its log leads could not be told: no image' });
  });
});

describe('a drill that came to no backup', () => {
  const byChance: ServiceDefinition = { ...stageService, drill: { ...noDrillSettings, choose: { kind: 'randomWithin', days: 30 } } };
  const choiceOf = async (service: ServiceDefinition, more: Partial<DrillFindings>) => (await recordedReport(stage, `run-${runs += 1}`, service, { ...nothingFound, ...more })).choice;

  it('says what was asked for', async () => {
    expect(await choiceOf(stageService, {})).toEqual({ kind: 'latest' });
    expect(await choiceOf(stageService, { asked: chosen.backup.backupId })).toEqual({ kind: 'named', asked: chosen.backup.backupId });
    // The one that is there was drawn, and its manifest was damaged.
    expect(await choiceOf(byChance, {})).toEqual({ kind: 'randomWithin', days: 30, candidates: 1 });
    expect(await choiceOf(byChance, { requestedAt: '2027-11-24T02:00:00.000Z', finishedAt: '2027-11-24T02:10:00.000Z' })).toEqual({ kind: 'randomWithin', days: 30, candidates: 0 });
    expect(await choiceOf(byChance, { asked: 'latest' })).toEqual({ kind: 'latest' });
    expect(await choiceOf(byChance, { kind: 'rebuild', keys: [] })).toEqual({ kind: 'latest' });
  });
});

describe('what was read', () => {
  it('is named with all that an incremental backup stands on', async () => {
    const takeBase = async (name: string, at: number, chain: PostgresBase['chain'] = []): Promise<{ readonly backupId: string; readonly sha256: string }> => {
      const sample = sampleManifest('shop', await stage.repository.claimBackup('shop', run(name), at));
      const manifest = { ...sample, components: [{ ...base, ...(chain.length === 0 ? {} : { chain }) }, ...sample.components.slice(1)] };
      await storeArtifacts(stage.repository, manifest);
      return { backupId: manifest.backupId, sha256: (await stage.repository.commitManifest(manifest)).sha256 };
    };
    const full = await takeBase('full', Date.UTC(2026, 10, 23, 2));
    const middle = await takeBase('middle', Date.UTC(2026, 10, 23, 3), [full]);
    const last = await takeBase('last', Date.UTC(2026, 10, 23, 4), [full, middle]);
    const inputsOf = async () => (await recordedReport(stage, `run-${runs += 1}`, stageService, { ...nothingFound, chosen: { ...chosen, backup: { ...chosen.backup, backupId: last.backupId, manifestSha256: last.sha256 } } })).inputs;
    const inputs = await inputsOf();
    const paths = inputs.map(({ path }) => path ?? '');
    for (const { backupId, sha256 } of [full, middle, last]) {
      expect(inputs.find(({ path }) => path === `shop/backups/${backupId}/manifest.json`)?.sha256).toBe(sha256);
      expect(paths.filter((path) => path.startsWith(`shop/backups/${backupId}/postgres/`))).toHaveLength(base.artifacts.length);
    }
    expect(new Set(paths).size).toBe(paths.length);
    // Of one that is gone its manifest is still named, as the others ask for it.
    await rm(join(stage.directory, 'shop/backups', middle.backupId, 'manifest.json'));
    expect((await inputsOf()).filter(({ path }) => path?.includes(middle.backupId))).toEqual([{ what: 'manifest, which postgres stands on', path: `shop/backups/${middle.backupId}/manifest.json`, sha256: middle.sha256 }]);
  });
});

describe('what was in force', () => {
  it('changes with each policy: for approving, proving and keeping', async () => {
    const policyOf = async (more: Partial<ServiceDefinition>) => (await recordedReport(stage, `run-${runs += 1}`, { ...stageService, ...more }, facts())).inForce.policySha256;
    const keeping = { days: 30 } as NonNullable<ServiceDefinition['retention']>;
    const policies = await Promise.all([{}, { retention: keeping }, { retentionIn: { local: keeping } }, { retention: { ...keeping, days: 31 } }, { prove: 'daily' as const }, { approval: { ...stageService.approval, fourEyes: true } }].map(policyOf));
    expect(new Set(policies).size).toBe(policies.length);
    expect(await policyOf({})).toBe(policies[0]);
  });

  it('is named with the versions of all that took part, and what registries call the images that ran', async () => {
    const runtime = { ping: async () => ({ version: '28.5.1' }), findImage: async (id: string) => ({ id, volumes: [], environment: {}, digests: id === 'sha256:1' ? [`postgres@sha256:${'a'.repeat(64)}`] : [] }) } as unknown as ActivityDependencies['runtime'];
    const found = facts();
    const report = await recordedReport(stage, 'run-x', stageService, { ...found, servers: found.servers.map((each, index) => ({ ...each, imageId: `sha256:${index + 1}` })) }, { runtime });
    expect(report.versions).toEqual({ holdfast: '0.1.0', node: process.version.slice(1), docker: '28.5.1', temporal: '1.30.0' });
    expect(report.inputs.filter(({ what }) => what.startsWith('digest'))).toEqual([{ what: 'digest of the image of postgres, postgres', path: null, sha256: 'a'.repeat(64) }]);
  });
});

describe('the size of today', () => {
  it('is that of the newest backup of each store, taken in the same way, whichever was brought back', async () => {
    const taken = async (name: string, at: number, change: (each: ComponentBackup) => ComponentBackup | null, imported = false): Promise<void> => {
      const sample = sampleManifest('shop', await stage.repository.claimBackup('shop', run(name), at, imported));
      const manifest = { ...sample, components: sample.components.map(change).filter((each) => each !== null) };
      await storeArtifacts(stage.repository, manifest);
      await stage.repository.commitManifest(imported ? asImported(manifest) : manifest);
    };
    const store = async () => (await stage.repository.readManifest('shop', chosen.backup.backupId)).manifest.components.map((backup) => ({ source: chosen.backup, backup }));
    const dump = (each: ComponentBackup, sizeBytes: number): ComponentBackup => (each.engine === 'redis' ? { ...each, usedMemoryBytes: sizeBytes } : each.method === 'dump' ? { ...each, databaseSizeBytes: sizeBytes } : each);
    expect(await todaysBytes(stage.repository, 'shop', await store())).toBe(7_500_000 + 1_000_000);
    await taken('newer', Date.UTC(2026, 10, 23, 2), (each) => dump(each, 20_000_000));
    // Of PostgreSQL alone; a copy of the whole server; and one that somebody brought along.
    await taken('postgres', Date.UTC(2026, 10, 23, 3), (each) => (each.engine === 'postgres' ? dump(each, 30_000_000) : null));
    await taken('base', Date.UTC(2026, 10, 23, 4), (each) => (each.engine === 'postgres' ? { ...base, dataSizeBytes: 900_000_000 } : null));
    await taken('imported', Date.UTC(2026, 10, 23, 5), (each) => dump(each, 500_000_000), true);
    expect(await todaysBytes(stage.repository, 'shop', await store())).toBe(30_000_000 + 20_000_000);
    expect(await todaysBytes(stage.repository, 'shop', [])).toBeNull();
  });

  it('is what the report projects to', async () => {
    for (const drill of ['a', 'b']) await recordedReport(stage, drill, stageService, facts());
    const manifest = sampleManifest('shop', await stage.repository.claimBackup('shop', run('newer'), Date.UTC(2026, 10, 23, 2)));
    await storeArtifacts(stage.repository, manifest);
    await stage.repository.commitManifest({ ...manifest, components: manifest.components.map((each) => (each.engine === 'redis' ? { ...each, usedMemoryBytes: 9_000_000 } : each)) });
    expect((await recordedReport(stage, 'c', stageService, facts())).trend.projection).toMatchObject({ sizeBytes: 16_500_000, drills: 3 });
  });
});
