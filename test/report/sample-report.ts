/** A report as a drill leaves it, for tests of what reads, signs, stores and shows one. */
import { assembleReport } from '../../src/domain/drill/assemble-report.ts';
import { checkName, drillCheck, type DrillCheck } from '../../src/domain/drill/check.ts';
import type { FoundKey } from '../../src/domain/drill/drill-keys.ts';
import { defaultKeepMs, type DrillReport } from '../../src/domain/drill/drill-report.ts';
import { defaultObjectives, type DrillKind, type DrillPhase } from '../../src/domain/drill/objectives.ts';
import type { StoreCoverage } from '../../src/domain/drill/store-coverage.ts';
import type { DrillSample } from '../../src/domain/drill/trend.ts';
import { backupInstant } from '../../src/domain/identifiers.ts';

const minute = 60_000;
type At = (seconds: number) => string;

const phasesOf = (at: At): readonly DrillPhase[] => [
  { phase: 'prepare', component: null, beganAt: at(1), finishedAt: at(9.2), outcome: 'done' },
  { phase: 'verify', component: 'postgres', beganAt: at(9.2), finishedAt: at(48), outcome: 'done' },
  { phase: 'restore', component: 'postgres', beganAt: at(48), finishedAt: at(371), outcome: 'done' },
  { phase: 'restore', component: 'redis', beganAt: at(48), finishedAt: at(66), outcome: 'done' },
  { phase: 'replay', component: 'postgres', beganAt: at(371), finishedAt: at(489), outcome: 'done' },
  { phase: 'compare', component: null, beganAt: at(489), finishedAt: at(598), outcome: 'done' },
  { phase: 'assert', component: null, beganAt: at(598), finishedAt: at(601), outcome: 'done' },
  { phase: 'test', component: null, beganAt: at(601), finishedAt: at(724), outcome: 'done' },
  { phase: 'health', component: null, beganAt: at(724), finishedAt: at(731), outcome: 'done' },
  { phase: 'cleanUp', component: null, beganAt: at(731), finishedAt: at(744), outcome: 'done' },
];

const passed: readonly DrillCheck[] = [
  drillCheck(checkName('content', 'postgres'), 'postgres', 'asExpected', 'Restored into a throwaway server and equal: 41 tables, 17 sequences, 0 large objects, 6 kinds of objects.'),
  drillCheck(checkName('content', 'redis'), 'redis', 'asExpected', 'Loaded into a server of its own: 184210 keys in 2 databases, digest equal.'),
  drillCheck(checkName('amcheck', 'postgres'), 'postgres', 'asExpected', '88 indexes fit their tables.'),
  drillCheck(checkName('canary'), null, 'asExpected', 'The nonce of this drill was found in both stores.'),
  drillCheck(checkName('assertion', 'orders'), 'postgres', 'asExpected', 'Expected at least 1, found 1204118.'),
  drillCheck(checkName('tests'), null, 'asExpected', 'pytest ended with exit code 0 after 2 min 3 s.'),
  drillCheck(checkName('health'), null, 'asExpected', 'http://app:8009/health answered 200 after 6.2 s.'),
];

export const brokenChecks: readonly DrillCheck[] = [
  ...passed.slice(2, 5),
  drillCheck('content:postgres:countDiffers', 'postgres', 'countDiffers', '1 difference: public.orders: rows 1204118, found 1204117.'),
  drillCheck(checkName('roles', 'postgres'), 'postgres', 'roleMissing', 'reporting owns 3 tables and is not there.'),
  drillCheck(checkName('tests'), null, 'applicationTestsTimedOut', 'pytest was stopped after 5 min 0 s.'),
];

const sha = (character: string): string => character.repeat(64);

export interface SampleWishes {
  readonly checks?: readonly DrillCheck[];
  readonly expectedChecks?: readonly string[];
  readonly kind?: DrillKind;
  readonly past?: readonly DrillSample[];
  /** Of one that began with nothing; then it is a rebuild, unless it is said to be another. */
  readonly keys?: readonly FoundKey[];
  readonly drillId?: string;
  readonly service?: string;
  readonly stores?: readonly StoreCoverage[];
}

export const pastDrills: readonly DrillSample[] = [540, 610, 655, 702, 980, 701].map((seconds, index) => ({
  drillId: `2026${String(index + 5).padStart(2, '0')}23-020000`, kind: 'restore', finishedAt: `2026-${String(index + 5).padStart(2, '0')}-23T02:14:00.000Z`,
  verdict: index === 4 ? 'failed' : 'proven', sizeBytes: 9_000_000_000 + index * 1_200_000_000, rtoMs: index === 4 ? null : seconds * 1_000, rpoMs: index === 4 ? null : (3 + index) * 20_000,
}));

export function sampleReport(wishes: SampleWishes = {}): DrillReport {
  const { checks: answered = passed, keys, kind = keys === undefined ? 'restore' : 'rebuild', past = pastDrills, drillId = '20261123-020000', service = 'story-portal' } = wishes;
  const beganMs = Date.parse(backupInstant(drillId));
  const at: At = (seconds) => new Date(beganMs + seconds * 1_000).toISOString();
  const phases = [...phasesOf(at), ...keys === undefined ? [] : ['postgres', 'redis'].map((component, index): DrillPhase => ({ phase: 'start', component, beganAt: at(480), finishedAt: at(489 + index), outcome: 'done' }))];
  const expectedChecks = wishes.expectedChecks ?? passed.map(({ name }) => name);
  return assembleReport({ drillId, kind, finishedAt: at(744), answered, ...(keys === undefined ? {} : { keys }), objectives: defaultObjectives, past, todayBytes: 18_500_000_000, backupMs: 4 * minute + 12_000, keepMs: defaultKeepMs,
    disaster: { at: at(0), source: 'request' }, approvedAt: null, lastCheckPassedAt: at(731), stores: wishes.stores ?? [{ component: 'postgres', covered: { at: at(-41), source: 'lastCommit' }, promised: true }], laterTransactions: null, components: [
    {
      component: 'postgres', engine: 'postgres', depth: 'baseAndLog', backupId: '20261122-020000', manifestSha256: sha('a'), point: at(-41), sizeBytes: 16_106_127_360,
      versions: { backup: '17.6', drill: '17.6' }, image: { name: 'postgres:17', backupId: `sha256:${sha('1')}`, drillId: `sha256:${sha('1')}` },
      log: { timeline: 1, from: '16/B2000028', to: '16/B374D848', segments: 1_204 }, comparedObjects: 64, differences: [], notCompared: [{ object: 'page checksums', reason: 'the cluster was made without them' }],
    },
    {
      component: 'redis', engine: 'redis', depth: 'rdb', backupId: '20261123-015500', manifestSha256: sha('b'), point: at(-300), sizeBytes: 412_000_000,
      versions: { backup: '8.0.2', drill: '8.0.2' }, image: { name: 'redis:8', backupId: `sha256:${sha('2')}`, drillId: `sha256:${sha('2')}` }, comparedObjects: 5, differences: [], notCompared: [],
    },
  ],
    service, serviceVersion: '2.0.0',
    startedBy: { identity: 'holdfast-schedule', by: 'schedule', reason: 'monthly' },
    run: { namespaceId: '8f14e45f-ceea-467f-9dc7-5bd6f1a2c001', workflowId: `holdfast/drill/${service}/20261123T020000Z`, runId: '0193574a-58f4-7ccd-8f7a-4c1b0a9d6e21' },
    host: 'berlin-1', repository: { name: 'offsite', id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', location: '/mnt/offsite' }, choice: { kind: 'latest' },
    requestedAt: at(0), beganAt: at(1), expectedChecks, phases,
    tests: { image: 'story-portal-tests:2.0.0', imageId: `sha256:${sha('3')}`, command: ['pytest', '-q', 'tests/smoke'], exitCode: 0, durationMs: 123_000, output: { sizeBytes: 18_400, sha256: sha('c'), cut: false } },
    cleanUp: { outcome: 'clean', removed: 9, leftovers: [] },
    inputs: [{ what: 'manifest', path: `${service}/backups/20261122-020000/manifest.json`, sha256: sha('a') }, { what: 'base', path: `${service}/backups/20261122-020000/postgres/a1-0f3c21aa/base.tar.zst`, sha256: sha('d') }],
    inForce: { configurationSha256: sha('e'), policySha256: sha('f') },
    versions: { holdfast: '0.1.0', node: '24.21.0', docker: '28.5.1', temporal: '1.30.0' },
  });
}
