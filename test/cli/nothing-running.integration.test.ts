/** With nothing running: commands as processes of their own, the embedded server and worker they start, and what a killed or interrupted one leaves. */
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { leaseWorkflowId, logWatchId } from '../../src/domain/workflow-ids.ts';
import type { LocalState } from '../../src/worker/local/local-state.ts';
import { endProcess, livingPid } from '../../src/worker/local/process-identity.ts';
import { startRedis, type TestRedis } from '../engines/redis/redis-fixture.ts';
import { startCommand, type CommandEnd, type RunningCommand } from '../support/command-line.ts';
import { useDocker } from '../support/docker.ts';
import { waitFor } from '../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';

const docker = useDocker();
/** As cron would have it: nothing on the path. */
const bare = { DOCKER_HOST: dockerHost(), PATH: '/usr/bin:/bin' };
const withProgram = { ...bare, TEMPORAL_CLI: process.env['TEMPORAL_CLI'] };
let redis: TestRedis;
let directory: string;
/** Ended at the end, whatever failed before: a command that goes on would go on writing. */
const commands: RunningCommand[] = [];

beforeAll(async () => {
  redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
  await redis.cli('SET', 'state', 'saved');
  directory = await mkdtemp(join(tmpdir(), 'holdfast nothing-'));
  await mkdir(join(directory, 'backups'));
  await writeFile(join(directory, 'holdfast.yaml'), `queuePrefix: ${docker.id}
backup: { prove: false }
services:
  shop: { redis: { container: ${redis.component.container} } }
repositories: { nas: { url: ./backups } }
`);
});
afterAll(async () => {
  for (const { process: child, ended } of commands) {
    child.kill('SIGKILL');
    await ended;
  }
  const { server, workers } = await localState().catch(() => ({ server: null, workers: [] }));
  for (const { identity } of [...workers, ...(server === null ? [] : [server])]) await endProcess(identity, 5_000);
  await rm(directory, { recursive: true, force: true });
});

function start(args: readonly string[], environment: NodeJS.ProcessEnv = bare, terminal = false): RunningCommand {
  const command = startCommand(args, { directory, environment, terminal });
  commands.push(command);
  return command;
}
const holdfast = (args: readonly string[], environment: NodeJS.ProcessEnv = bare): Promise<CommandEnd> => start(args, environment).ended;
const localState = async (): Promise<LocalState> => JSON.parse(await readFile(join(directory, 'state', 'local.json'), 'utf8')) as LocalState;
const serverIdentity = async (): Promise<string> => (await localState()).server?.identity ?? '';
const isAlive = (identity: string): boolean => livingPid(identity) !== null;

/** Every process that has the embedded server's file, or this directory's configuration, in its command line. */
function processesHere(): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }).filter((line) => line.includes(join(directory, 'state', 'temporal.sqlite')) || (line.includes('run-local-worker') && line.includes(directory)));
}
const servers = (): readonly string[] => processesHere().filter((line) => line.includes('temporal.sqlite'));

/** Caught in the act: its process is there and written down, and it does not answer yet. */
async function untilServerStarts(): Promise<string> {
  let identity = '';
  await waitFor(async () => {
    const { server } = await localState();
    identity = server?.identity ?? '';
    return server?.ready === false && isAlive(identity);
  });
  return identity;
}
const untilNothingRuns = (): Promise<void> => waitFor(async () => processesHere().length === 0);

test('Ctrl-C while the server starts ends it, and says that nothing was begun', async () => {
  const command = start(['backup'], withProgram);
  await untilServerStarts();
  command.process.kill('SIGINT');
  const { code, stderr } = await command.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('No run was started');
  await untilNothingRuns();
});

test('a command that is killed while the server starts leaves it to the next ones, who find the program without being told', async () => {
  const killed = start(['backup']);
  const identity = await untilServerStarts();
  killed.process.kill('SIGKILL');
  expect((await killed.ended).code).toBe(137);
  // Counted while they run: when they have ended, it ends by itself a few seconds later.
  const counts: number[] = [];
  const counting = setInterval(() => counts.push(servers().length), 500);
  const [backup, watch] = await Promise.all([holdfast(['backup']), holdfast(['watch', 'r-0000'])]).finally(() => clearInterval(counting));
  expect(backup).toMatchObject({ code: 0, stdout: expect.stringMatching(/Backup \d{8}-\d{6} of shop: stored/) });
  expect(watch).toMatchObject({ code: 2, stderr: expect.stringContaining('UnknownRun') });
  expect(await serverIdentity()).toBe(identity);
  expect(Math.max(...counts)).toBe(1);
});

test('a worker that was killed is brought back under its run', async () => {
  const command = start(['verify', 'latest']);
  await waitFor(async () => command.output().includes('Run r-'));
  const [worker] = (await localState()).workers;
  await endProcess(worker?.identity ?? '', 0);
  const { code, stdout } = await command.ended;
  expect(stdout).toContain('every stored byte is what its manifest says');
  expect(code).toBe(0);
});

test('a server that stands still for some seconds is waited for, and not ended under what runs in it', async () => {
  const running = start(['verify', 'latest']);
  await waitFor(async () => running.output().includes('Run r-'));
  const identity = await serverIdentity();
  const pid = livingPid(identity);
  if (pid === null) throw new Error('the server runs as long as the run does');
  process.kill(pid, 'SIGSTOP');
  try {
    const beside = holdfast(['watch', 'r-0000']);
    await pause(6_000);
    process.kill(pid, 'SIGCONT');
    expect(await beside).toMatchObject({ code: 2, stderr: expect.stringContaining('UnknownRun') });
  } finally {
    if (isAlive(identity)) process.kill(pid, 'SIGCONT');
  }
  expect([(await running.ended).code, await serverIdentity()]).toEqual([0, identity]);
});

test('a plan is approved only by who saw it', async () => {
  await redis.cli('SET', 'state', 'later');
  const waiting = await holdfast(['restore', 'latest', '--quiet']);
  const [, exactly = ''] = /^ {2}holdfast (approve r-[0-9a-f]{4} --plan [0-9a-f]{4}-[0-9a-f]{4})$/m.exec(waiting.stdout) ?? [];
  expect(waiting.code).toBe(5);
  expect(waiting.stdout).toMatch(/PLAN [0-9a-f-]{9} {3}expires (\d+ \w+ )?\d\d:\d\d \S+\n {2}Replaces/);
  const [, run = '', , digits = ''] = exactly.split(' ');
  expect(waiting.stdout).toContain(`PLAN ${digits}`);

  // Nobody there to ask: what would be right is said, and nothing is approved.
  const [blind, json, confirmed, wrong] = await Promise.all([holdfast(['approve']), holdfast(['approve', run, '--json']), holdfast(['approve', run, '--confirm', 'store']), holdfast(['approve', run, '--plan', '0000-0000'])]);
  expect([blind.code, json.code, confirmed.code, wrong.code]).toEqual([2, 2, 2, 3]);
  expect(blind.stdout).toContain(`PLAN ${digits}`);
  expect(blind.stderr).toContain(`holdfast ${exactly}`);
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { type: 'InvalidInput' }, exitCode: 2 });

  // A person is shown the plan, however quiet everything else is, and Enter is no yes.
  const asked = start(['approve', run, '--quiet'], bare, true);
  await waitFor(async () => asked.output().includes('Type shop to approve'));
  expect(asked.output()).toMatch(new RegExp(`PLAN ${digits}[^]*Replaces[^]*You lose[^]*Way back[^]*Type shop`));
  asked.type('\r');
  expect(await asked.ended).toMatchObject({ code: 5, stdout: expect.stringContaining('Nothing was approved.') });
  expect(await redis.cli('GET', 'state')).toBe('later');

  const watching = start(['watch', run], bare, true);
  await waitFor(async () => watching.output().includes('Type shop to approve'));
  const approved = await holdfast([...exactly.split(' '), '--json']);
  expect(JSON.parse(approved.stdout)).toMatchObject({ run: { id: run }, decision: { verdict: 'approved' }, exitCode: 0 });
  const { code, stdout } = await watching.ended;
  expect(code).toBe(0);
  // The question ends with its line: what follows stands on the next one.
  expect(stdout).toMatch(/Type shop to approve \(Enter leaves it waiting for someone else\): (\u001b\[[0-9;?]*[A-Za-z]|\r)*\n/);
  expect(stdout).toMatch(/BACK at (\w+ \d+ \w+ )?\d\d:\d\d:\d\d \S+ \(\d\d:\d\d:\d\d UTC\)/);
  expect(await redis.cli('GET', 'state')).toBe('saved');
});

test('a person who types the name has approved', async () => {
  const undo = start(['undo', '--quiet'], bare, true);
  await waitFor(async () => undo.output().includes('Type shop to approve'));
  undo.type('shop\r');
  expect((await undo.ended).code).toBe(0);
  expect(await redis.cli('GET', 'state')).toBe('later');
});

test('an approved restore that waits for a backup offers to cancel it, and goes on when a person says so', { tags: 'long' }, async () => {
  const { stdout } = await holdfast(['restore', 'latest']);
  const [, holder = ''] = /holdfast approve (r-[0-9a-f]{4})/.exec(stdout) ?? [];
  const client = await connectClient({ address: (await localState()).server?.address ?? '' });
  try {
    // A run that holds the service for as long as nobody ends it: what a backup of a large database looks like.
    const owner = { namespaceId: '', workflowId: '', runId: '' };
    for await (const { workflowId, runId } of client.workflow.list({ query: 'ExecutionStatus = "Running" AND WorkflowType = "restoreBackup"' })) Object.assign(owner, { workflowId, runId });
    const purpose = 'the snapshot of a backup';
    await client.workflow.start('serviceLease', { taskQueue: docker.id, workflowId: leaseWorkflowId('shop'), args: [{ service: 'shop', owner, purpose }], memo: { owner, purpose } });
    const restore = start(['restore', 'latest', '--confirm', 'shop'], bare, true);
    await waitFor(async () => restore.output().includes('Type cancel to end that run'));
    restore.type('cancel\r');
    expect((await restore.ended).code).toBe(0);
    expect(await redis.cli('GET', 'state')).toBe('saved');
    expect(await holdfast(['show', holder, '--json'])).toMatchObject({ stdout: expect.stringContaining('CANCELLED') });
  } finally {
    await client.connection.close();
  }
});

test('a workflow that is no runbook is neither watched nor cancelled', async () => {
  const client = await connectClient({ address: temporalAddress() });
  const workflowId = `billing-${docker.id}`;
  try {
    const foreign = await client.workflow.start('billing', { taskQueue: docker.id, workflowId, args: [] });
    const ends = await Promise.all(['cancel', 'watch', 'approve', 'show'].map((verb) => holdfast([verb, workflowId], { ...bare, TEMPORAL_ADDRESS: temporalAddress() })));
    for (const end of ends) expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('UnknownRun') });
    expect((await foreign.describe()).status.name).toBe('RUNNING');
    expect((await foreign.fetchHistory()).events).toHaveLength(2);
    await foreign.terminate();
  } finally {
    await client.connection.close();
  }
});

test('server and worker end by themselves when no run is open, and a worker that cannot start leaves no server', async () => {
  await untilNothingRuns();
  expect(await holdfast(['status'])).toMatchObject({ code: 0, stdout: expect.stringContaining('No run is open.') });
  expect(processesHere()).toEqual([]);
  const { code, stderr } = await holdfast(['watch'], { ...bare, DOCKER_HOST: 'ssh://nowhere' });
  expect(code).toBe(2);
  expect(stderr).toContain('InvalidConfiguration');
  await untilNothingRuns();
});

test('up serves whoever comes, and ends what it started', async () => {
  const up = start(['up']);
  await waitFor(async () => up.output().includes('Up: '));
  const attached = await holdfast(['watch', 'r-0000']);
  expect(attached).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('UnknownRun') });
  expect(servers()).toHaveLength(1);
  await watchForAnHour();
  up.process.kill('SIGINT');
  expect((await up.ended).code).toBe(0);
  expect(processesHere()).toEqual([]);
  // What watches a log is always open: it keeps nobody from ending, and is what no command means that does not name it.
  expect(await holdfast(['watch'])).toMatchObject({ code: 2, stderr: expect.stringContaining('no run is open') });
  await untilNothingRuns();
});

/** An archiveWal that stays open: its first task comes in an hour. */
async function watchForAnHour(): Promise<void> {
  const { server } = await localState();
  const client = await connectClient({ address: server?.address ?? '' });
  await client.workflow.start('archiveWal', { taskQueue: docker.id, workflowId: logWatchId('shop'), args: [{ service: 'shop' }], startDelay: '1h' });
  await client.connection.close();
}

test('a configured server without a worker is good enough to look, and refuses to start', async () => {
  const configured = { ...bare, TEMPORAL_ADDRESS: temporalAddress() };
  const [status, cancel, backup] = await Promise.all([holdfast(['status'], configured), holdfast(['cancel', 'r-0000'], configured), holdfast(['backup'], configured)]);
  expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining('No run is open.') });
  expect(cancel).toMatchObject({ code: 2, stderr: expect.stringContaining('UnknownRun') });
  expect(backup).toMatchObject({ code: 7, stderr: expect.stringMatching(/HostUnavailable[^]*holdfast worker/) });
});
