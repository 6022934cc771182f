/** `status --check` as cron would run it, against a real Temporal, Docker engine and repository: what is wrong is told, what cannot be told is no pass, and where all is well it is silent. */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { triggerSchedule } from '../../src/client/schedules/direct-schedule.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { drillNetwork } from '../../src/containers/drill.ts';
import { createScratchContainer, findScratchOf, removeScratch } from '../../src/containers/scratch.ts';
import type { Verdict } from '../../src/domain/proof.ts';
import { signedReportText } from '../../src/report/signed-report.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { reportSigner } from '../../src/worker/report-key.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { brokenChecks, sampleReport } from '../report/sample-report.ts';
import { committed, run } from '../repository/sample-manifest.ts';
import { runCommand, type CommandEnd } from '../support/command-line.ts';
import { useDocker } from '../support/docker.ts';
import { waitFor } from '../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';

const docker = useDocker();
const name = `status-${randomBytes(4).toString('hex')}`;
const minute = 60_000;
const hour = 60 * minute;
let directory: string;
let client: Client;
let repository: Repository;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast status-'));
  await mkdir(join(directory, 'backups'));
  await mkdir(join(directory, 'home'));
  client = await connectClient({ address: temporalAddress() });
  repository = createRepository('nas', createLocalStorage(join(directory, 'backups')));
  await configure(dailyAt(Date.now() - 2 * hour));
});
afterAll(async () => {
  for (const verb of ['backup', 'rebuild']) await client?.schedule.getHandle(`holdfast/${verb}/${name}`).delete().catch(() => undefined);
  await client?.connection.close();
  await rm(directory, { recursive: true, force: true });
});

const dailyAt = (ms: number): string => `${new Date(ms).getUTCMinutes()} ${new Date(ms).getUTCHours()} * * *`;
const configure = (backup: string, rebuild = 'off'): Promise<void> => writeFile(join(directory, 'holdfast.yaml'), `queuePrefix: ${docker.id}
services:
  ${name}: { redis: { container: nobody-${name} }, schedules: { backup: "${backup}", reap: off, prune: off, drill: off, rebuild: ${rebuild === 'off' ? rebuild : `"${rebuild}"`}, jitter: 0s } }
repositories: { nas: { url: ./backups } }
`);

const environment = { TEMPORAL_ADDRESS: temporalAddress(), DOCKER_HOST: dockerHost() };
const holdfast = (...args: string[]): Promise<CommandEnd> => runCommand(args, { directory, environment });

/** Cron's own line in cron's own surroundings: no terminal, a bare PATH, nothing else. */
function check(more: NodeJS.ProcessEnv = {}, ...options: string[]): Promise<CommandEnd> {
  const line = `cd '${directory}' && '${process.execPath}' '${join(import.meta.dirname, '..', '..', 'bin', 'holdfast.js')}' status --check ${options.join(' ')}`;
  const env = { PATH: '/usr/bin:/bin', HOME: join(directory, 'home'), HOLDFAST_TIMING: 'test', ...environment, ...more };
  return new Promise((resolve) => execFile('/bin/sh', ['-c', line], { env }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })));
}

async function backedUp(which: string, agoMs: number, verdict: Verdict): Promise<string> {
  const { backupId } = await committed(repository, name, which, Date.now() - agoMs);
  const { sha256 } = await repository.readManifest(name, backupId);
  const at = new Date(Date.now() - agoMs + minute).toISOString();
  await repository.recordProof({
    format: 1, service: name, backupId, manifestSha256: sha256, verdict, beganAt: at, finishedAt: at, run: run(`proof-${which}`),
    components: [{ component: 'redis', verdict, sentence: `it was ${verdict}`, differences: [], comparedObjects: 1, notCompared: [] }],
  });
  return backupId;
}

test('a service that was only just set up is told from one whose backups are missing', async () => {
  expect(await check()).toMatchObject({ code: 1, stdout: expect.stringMatching(/none of its schedules was made[^]*there is no backup|there is no backup[^]*none of its schedules was made/) });
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject({ code: 0 });
  const young = await check();
  expect(young).toMatchObject({ code: 4, stderr: '', stdout: expect.stringMatching(new RegExp(`^NOT KNOWN ${name}: there is no backup yet; its schedule was made .* ago → holdfast backup, or wait for the first\n$`)) });
  expect(await holdfast('schedule', 'pause', 'backup', '--reason', 'moving-the-disks')).toMatchObject({ code: 0 });
});

test('an old backup, a proof that failed and a schedule that stands still have a line each', async () => {
  const backupId = await backedUp('stale', 3 * 24 * hour, 'failed');
  const { code, stdout, stderr } = await check();
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^FAIL {6}${name}: the newest backup, ${backupId}, is .* old .* → holdfast backup$`)),
    expect.stringMatching(new RegExp(`^FAIL {6}${name}: the newest proof FAILED: ${backupId}: it was failed → holdfast show ${backupId}`)),
    expect.stringMatching(new RegExp(`^FAIL {6}${name}: schedule holdfast/backup/${name} is paused: moving-the-disks .* → holdfast schedule resume backup$`)),
  ]);
  expect(stdout).not.toContain('\u001b');
  expect(await check({}, '--max-age', '30d')).toMatchObject({ code: 1, stdout: expect.not.stringContaining('the newest backup,') });
});

test('what was due and did not begin is missed', async () => {
  const fresh = await backedUp('fresh', 3 * hour, 'proven');
  // It stays paused, and is due within two minutes.
  const dueMs = Math.ceil((Date.now() + 30_000) / minute) * minute;
  await configure(dailyAt(dueMs));
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject({ code: 0, stdout: expect.stringContaining('and stays so') });
  await waitFor(async () => Date.now() > dueMs + 2_000, 4 * minute);
  expect(await holdfast('schedule', 'resume', 'backup')).toMatchObject({ code: 0 });
  const missed = await check();
  expect(missed).toMatchObject({ code: 1, stdout: expect.stringMatching(new RegExp(`^FAIL {6}${name}: schedule holdfast/backup/${name} was due .* ago .*, and nothing began → holdfast schedule run backup\n$`)) });
  const whole = await holdfast('status');
  expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^FAIL {6}${name}: schedule [^\n]*\n\n${name}\n {2}2 backups, newest ${fresh} .*proof: proven [^]* {2}exposure of redis: no log is kept[^]* {2}schedule backup: next .*, last never\nNo run is open\\.\n$`)) });
});

test('where all is well it says nothing; what does not answer is no pass', async () => {
  await configure(dailyAt(Date.now() - 2 * hour));
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject({ code: 0 });
  expect(await check()).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(JSON.parse((await check({}, '--json')).stdout)).toEqual({ standing: 'well', findings: [], exitCode: 0 });
  const [silent, blind] = await Promise.all([check({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), check({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })]);
  expect(silent).toMatchObject({ code: 4, stdout: expect.stringMatching(/^NOT KNOWN .*Temporal does not answer.*\n$/) });
  expect(blind).toMatchObject({ code: 4, stdout: expect.stringMatching(/^NOT KNOWN .*whether ended runs left something is not known.*\n$/) });
  await rename(join(directory, 'backups'), join(directory, 'away'));
  const gone = await check();
  await rename(join(directory, 'away'), join(directory, 'backups'));
  expect(gone).toMatchObject({ code: 4, stdout: expect.stringMatching(/^NOT KNOWN .*backups.*\n$/) });
});

test('a schedule that was edited by hand, one whose last run failed, and a drill that was due and not made are told', async () => {
  const id = `holdfast/backup/${name}`;
  const told = (line: string) => ({ code: 1, stderr: '', stdout: expect.stringMatching(new RegExp(`^FAIL {6}${name}: ${line}\n$`)) });
  await client.schedule.getHandle(id).update((is) => ({ ...is, policies: { ...is.policies, overlap: 'ALLOW_ALL' } }));
  expect(await check()).toMatchObject(told(`schedule ${id} was edited by hand → holdfast schedule plan; to put it right: holdfast schedule apply --correct`));
  expect(await holdfast('schedule', 'apply', '--yes', '--correct')).toMatchObject({ code: 0 });

  // For whoever waits at a prompt ten seconds are enough; the server's scheduler may take longer where it has much to do.
  const workflowId = (await triggerSchedule(client, id, minute)).started?.workflowId ?? '';
  await client.workflow.getHandle(workflowId).terminate('nobody is there to take it');
  await waitFor(async () => (await check()).stdout !== '', minute);
  expect(await check()).toMatchObject(told(`the last run of schedule ${id} was terminated → holdfast watch ${workflowId}`));
  expect(await holdfast('schedule', 'remove', 'backup')).toMatchObject({ code: 0 });

  const due = dailyAt(Date.now() - 2 * hour);
  await configure(due, due);
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject({ code: 0 });
  expect(await check()).toMatchObject(told('there was never a rebuild drill; one was due 26 h \\d+ min ago → holdfast drill rebuild'));
  await configure(due);
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject({ code: 0 });
  expect(await check()).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('what an ended run left, and a drill that failed, are told until they are not there any more', async () => {
  const { namespaceId } = await createRunDirectory(client);
  const owner = { namespaceId, workflowId: `holdfast/backup/${name}/gone`, runId: randomUUID() };
  const scratch = await createScratchContainer(docker.runtime, 'scratch', { owner, service: name, component: 'redis', step: 'test' }, { imageId: await docker.image('redis:8'), command: ['true'], environment: {}, mounts: [], network: 'none', init: true, logDriver: 'none' }, new AbortController().signal);
  const leftWith = (things: string) => ({ code: 1, stdout: expect.stringMatching(new RegExp(`^FAIL {6}${name}: ${owner.workflowId} has ended and left ${things} on the Docker engine → .*\n$`)) });
  try {
    await drillNetwork(docker.runtime, { owner, service: name });
    expect(await check()).toMatchObject(leftWith('2 things'));
    // Of a drill whose containers are gone, its network is what is left.
    await removeScratch(docker.runtime, scratch);
    expect(await check()).toMatchObject(leftWith('1 thing'));
  } finally {
    for (const each of await findScratchOf(docker.runtime, owner)) await removeScratch(docker.runtime, each);
  }
  expect((await check()).code).toBe(0);
  const claim = await repository.drills.claim(name, 'restore', owner, Date.now());
  const signed = await reportSigner(undefined, { HOLDFAST_STATE_DIR: join(directory, 'state') })(sampleReport({ service: name, drillId: claim.drillId, checks: brokenChecks }));
  await repository.drills.recordReport(name, claim.drillId, signedReportText(signed));
  expect(await check()).toMatchObject({ code: 1, stdout: expect.stringMatching(new RegExp(`^FAIL {6}${name}: the last restore drill, ${claim.drillId}, failed: .* → holdfast report show ${claim.drillId}\n$`)) });
  expect((await holdfast('status')).stdout).toMatch(new RegExp(` {2}last restore drill: FAILED, .* \\(${claim.drillId}\\), RTO not measured, RPO not measured`));
});
