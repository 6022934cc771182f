/** What `status --check` answers to what lies in the repository and in this machine's state, with nothing running: each alarm by itself, with its line and its exit code. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../../../src/cli/status.ts';
import type { AofStatus } from '../../../src/domain/aof/aof-status.ts';
import type { DrillReport } from '../../../src/domain/drill/drill-report.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';
import { signedReportText } from '../../../src/report/signed-report.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { reportSigner } from '../../../src/worker/report-key.ts';
import { sampleReport } from '../../report/sample-report.ts';
import { committed, run } from '../../repository/sample-manifest.ts';
import { commandIn } from '../../support/command-context.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const redis = 'redis: { container: r }';
const streamed = 'postgres: { container: p, wal: stream }';

let directory: string;
let repository: Repository;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  for (const path of ['backups', 'state/wal', 'state/aof']) await mkdir(join(directory, path), { recursive: true });
  repository = createRepository('nas', createLocalStorage(join(directory, 'backups')));
  await configure(redis);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const configure = (service: string): Promise<void> => writeFile(join(directory, 'holdfast.yaml'), `services: { shop: { ${service} } }\nrepositories: { nas: { url: ./backups } }\n`);
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

async function check(): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const { context, printed } = commandIn(directory);
  const code = await status(context, true, undefined);
  return { code, lines: printed().split('\n').slice(0, -1) };
}
/** That one line, and nothing beside it. */
const alone = (code: 1 | 4, line: RegExp): object => ({ code, lines: [expect.stringMatching(line)] });

async function backedUp(agoMs: number, proven = true): Promise<string> {
  const { backupId } = await committed(repository, 'shop', `b${agoMs}`, Date.now() - agoMs);
  const { sha256 } = await repository.readManifest('shop', backupId);
  if (proven) await repository.recordProof({ format: 1, service: 'shop', backupId, manifestSha256: sha256, verdict: 'proven', beganAt: ago(agoMs - 1), finishedAt: ago(agoMs - 2), run: run(`p${agoMs}`), components: [] });
  return backupId;
}

async function drilled(agoMs: number, more: (report: DrillReport) => Partial<DrillReport>): Promise<string> {
  const { drillId } = await repository.drills.claim('shop', 'restore', run(`d${agoMs}`), Date.now() - agoMs);
  const report = sampleReport({ service: 'shop', drillId });
  await repository.drills.recordReport('shop', drillId, signedReportText(await reportSigner(undefined, { HOLDFAST_STATE_DIR: join(directory, 'state') })({ ...report, ...more(report) })));
  return drillId;
}

const whole = { durable: '0/5000000', coveredAt: ago(0), exposureMs: 0, exposureBytes: '0' } as const;
/** As the worker of this machine would have left it. */
function keptLog(more: Partial<LogStatus> = {}): Promise<void> {
  const kept: LogStatus = {
    format: 1, service: 'shop', component: 'postgres', lookedAt: ago(0), systemIdentifier: null, segmentSizeBytes: null, receiver: 'running', failure: null, source: null,
    onHost: whole, repositories: [{ ...whole, name: 'nas', failure: null }], slot: { state: 'reserved', roomBytes: null }, spoolBytes: 0, spoolFreeBytes: null, break: null, ...more,
  };
  return writeFile(join(directory, 'state/wal/shop.postgres.json'), JSON.stringify(kept));
}
function keptFile(behindMs: number): Promise<void> {
  const kept: AofStatus = { format: 1, service: 'shop', component: 'redis', lookedAt: ago(0), follower: 'running', failure: null, repositories: [{ name: 'nas', coveredAt: ago(behindMs), failure: null }] };
  return writeFile(join(directory, 'state/aof/shop.redis.json'), JSON.stringify(kept));
}

it('says nothing where a young backup is proven, the log is kept and the last drill did well', async () => {
  await configure(`${streamed}, redis: { container: r, aof: archive }, objectives: { rpo: 15m }`);
  await backedUp(10 * minute);
  await keptLog();
  await keptFile(0);
  await drilled(minute, () => ({}));
  expect(await check()).toEqual({ code: 0, lines: [] });
});

describe('proofs', () => {
  it('that are too old are told, though a younger backup is there', async () => {
    const proven = await backedUp(3 * day);
    await backedUp(10 * minute, false);
    expect(await check()).toEqual(alone(1, new RegExp(`^FAIL {6}shop: the newest backup that is proven, ${proven}, is 72 h \\d+ min old .*by prove: always\\) → holdfast prove `)));
  });
});

describe('exposure', () => {
  it('is told where no log is kept and the newest backup is older than what may be lost', async () => {
    await configure(`${redis}, objectives: { rpo: 15m }`);
    await backedUp(60 * minute);
    expect(await check()).toEqual(alone(1, /^FAIL {6}shop: redis keeps no log: what it wrote in the last 1 h .* would be lost \(the objective is 15 min 0 s\) → /));
  });

  it('is told where more of the log would be lost than may be', async () => {
    await configure(streamed);
    await backedUp(10 * minute);
    await keptLog({ repositories: [{ ...whole, name: 'nas', failure: null, exposureMs: 20 * minute }] });
    expect(await check()).toEqual(alone(1, /^FAIL {6}shop: the log of postgres: .*nas.*20 min.* → /));
  });

  it('is told where nobody keeps the log any more, and where it leads on from nothing', async () => {
    await configure(streamed);
    await backedUp(10 * minute);
    await keptLog({ lookedAt: ago(60 * minute) });
    expect(await check()).toEqual(alone(1, /^FAIL {6}shop: the log of postgres: nobody has looked after the log for 1 h .* → /));
    await keptLog({ systemIdentifier: '7400000000000000001', segmentSizeBytes: 16_777_216, source: { at: ago(0), position: '0/5000000', timeline: 1 } });
    expect(await check()).toEqual(alone(1, /^FAIL {6}shop: the log of postgres leads on from no base backup: .* → holdfast backup --kind base$/));
  });

  it('is told of an append-only file that falls behind; what no worker of this machine keeps is not known', async () => {
    await configure('redis: { container: r, aof: archive }');
    await backedUp(10 * minute);
    expect(await check()).toEqual(alone(4, /^NOT KNOWN shop: redis: no worker of this machine has followed its append-only file yet/));
    await keptFile(20 * minute);
    expect(await check()).toEqual(alone(1, /^FAIL {6}shop: redis: the archive of its append-only file is 20 min \d+ s behind\..* → holdfast wal status$/));
  });
});

describe('drills', () => {
  it('that missed an objective are told', async () => {
    await backedUp(10 * minute);
    const drillId = await drilled(minute, ({ objectives }) => ({ objectives: objectives.map((each) => (each.objective === 'rpo' ? { ...each, result: 'missed' } : each)) }));
    expect(await check()).toEqual(alone(1, new RegExp(`^FAIL {6}shop: the last restore drill, ${drillId}, missed its objective: rpo → holdfast report show ${drillId}$`)));
  });

  it('that could not verify, and reports that were changed, are told', async () => {
    await backedUp(10 * minute);
    const open = await drilled(2 * minute, () => ({ verdict: 'couldNotVerify' }));
    expect(await check()).toEqual(alone(4, new RegExp(`^NOT KNOWN shop: the last restore drill, ${open}, could not verify: `)));
    const { drillId } = await repository.drills.claim('shop', 'restore', run('changed'), Date.now() - minute);
    await repository.drills.recordReport('shop', drillId, '{}');
    expect(await check()).toMatchObject({ code: 1, lines: [expect.stringMatching(new RegExp(`^FAIL {6}shop: the report of drill ${drillId}: DAMAGED`)), expect.stringMatching(/^NOT KNOWN/)] });
  });

  it('that were due and were never made are told, also where the backups of before are gone', async () => {
    const at = new Date(Date.now() - 120 * minute);
    await configure(`${redis}, schedules: { drill: "${at.getUTCMinutes()} ${at.getUTCHours()} * * *" }`);
    await backedUp(10 * minute);
    // The schedules are written down, and nothing runs that would start them.
    const dormant = expect.stringMatching(/^FAIL {6}shop: nothing starts by itself here/);
    expect(await check()).toEqual({ code: 1, lines: [dormant] });
    // Its claim alone is left.
    await repository.claimBackup('shop', run('first'), Date.now() - 10 * day);
    expect(await check()).toEqual({ code: 1, lines: [dormant, expect.stringMatching(/^FAIL {6}shop: there was never a restore drill; one was due 26 h \d+ min ago → holdfast drill restore$/)] });
    await drilled(minute, () => ({}));
    expect(await check()).toEqual({ code: 1, lines: [dormant] });
  });
});
