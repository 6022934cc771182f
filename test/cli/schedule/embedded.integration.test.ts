/** Schedules and the embedded Temporal: nothing is promised that nobody would keep, and what was made while `holdfast up` ran keeps no server alive. */
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalState } from '../../../src/worker/local/local-state.ts';
import { endProcess } from '../../../src/worker/local/process-identity.ts';
import { startRedis, type TestRedis } from '../../engines/redis/redis-fixture.ts';
import { startCommand, type CommandEnd, type RunningCommand } from '../../support/command-line.ts';
import { useDocker } from '../../support/docker.ts';
import { waitFor } from '../../support/service-fixture.ts';
import { dockerHost } from '../../support/test-environment.ts';

const docker = useDocker();
const environment = { DOCKER_HOST: dockerHost(), PATH: '/usr/bin:/bin', TEMPORAL_CLI: process.env['TEMPORAL_CLI'] };
let redis: TestRedis;
let directory: string;
const commands: RunningCommand[] = [];

beforeAll(async () => {
  redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
  directory = await mkdtemp(join(tmpdir(), 'holdfast embedded-'));
  await mkdir(join(directory, 'backups'));
  await writeFile(join(directory, 'holdfast.yaml'), `queuePrefix: ${docker.id}
backup: { prove: false }
services:
  shop:
    redis: { container: ${redis.component.container} }
    schedules: { backup: yearly, prune: off, drill: off, rebuild: off, reap: off }
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

function start(args: readonly string[]): RunningCommand {
  const command = startCommand(args, { directory, environment });
  commands.push(command);
  return command;
}
const holdfast = (...args: string[]): Promise<CommandEnd> => start(args).ended;
const localState = async (): Promise<LocalState> => JSON.parse(await readFile(join(directory, 'state', 'local.json'), 'utf8')) as LocalState;

/** Every process that has the embedded server's file, or this directory, in its command line. */
function processesHere(): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }).filter((line) => line.includes(join(directory, 'state', 'temporal.sqlite')) || (line.includes('run-local-worker') && line.includes(directory)));
}

const noPromise = { code: 7, stderr: expect.stringMatching(/HostUnavailable[^]*nobody would be there to start it[^]*holdfast up[^]*docs\/schedules\.md[^]*cron[^]*holdfast backup --quiet/) };

test('where Temporal runs only on demand no schedule is made, and nothing is started to say so', async () => {
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject(noPromise);
  expect(await holdfast('schedule', 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining('There is no schedule.') });
  expect(await holdfast('schedule', 'remove')).toMatchObject({ code: 0, stdout: expect.stringContaining('There is no schedule.') });
  expect(await holdfast('status', '--check')).toMatchObject({ code: 1, stderr: '', stdout: expect.stringContaining('shop: nothing starts by itself here: holdfast up does not run → ') });
  await expect(stat(join(directory, 'state', 'temporal.sqlite'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('beside holdfast up they are made, and start runs', async () => {
  const up = start(['up']);
  await waitFor(async () => up.output().includes('Up: '));
  const planned = await holdfast('schedule', 'plan');
  expect(planned).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/create +holdfast\/backup\/shop: takeBackup at 0 2 1 1 \* UTC/) });
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('1 schedule applied') });
  const run = await holdfast('schedule', 'run', 'backup');
  expect(run.code).toBe(0);
  const [, workflowId = ''] = /holdfast watch (\S+)/.exec(run.stdout) ?? [];
  expect(await holdfast('watch', workflowId)).toMatchObject({ code: 0 });
  // A check looks, and leaves everything as it runs; of a backup that was never proven it says so.
  const before = processesHere();
  expect(await holdfast('status', '--check')).toMatchObject({ code: 4, stderr: '', stdout: expect.stringMatching(/^NOT KNOWN shop: no backup was ever proven → holdfast prove \d{8}-\d{6}\n$/) });
  expect(processesHere()).toEqual(before);
  up.process.kill('SIGTERM');
  expect((await up.ended).code).toBe(0);
  await waitFor(async () => processesHere().length === 0);
});

test('after that they are shown as what they are: there, and started by nobody; no server stays for them', async () => {
  expect(await holdfast('status', '--check')).toMatchObject({ code: 1, stderr: '', stdout: expect.stringMatching(/^FAIL {6}shop: nothing starts by itself here[^]*\nNOT KNOWN shop: the Temporal of this machine does not run, and did not stop by itself/) });
  expect(processesHere()).toEqual([]);
  const list = await holdfast('schedule', 'list');
  expect(list).toMatchObject({ code: 0, stdout: expect.stringMatching(/holdfast\/backup\/shop .* done +1 +0 +0/), stderr: expect.stringContaining('holdfast up does not run: nothing starts by itself here') });
  // The server that answered is there for the question, not for the schedule.
  expect(await holdfast('schedule', 'apply', '--yes')).toMatchObject(noPromise);
  await waitFor(async () => processesHere().length === 0);
  expect(await holdfast('schedule', 'remove')).toMatchObject({ code: 0, stdout: expect.stringContaining('holdfast/backup/shop is removed.') });
  expect(await holdfast('schedule', 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining('There is no schedule.') });
  await waitFor(async () => processesHere().length === 0);
});
