/** A schedule that starts a backup by itself: applied from holdfast.yaml, followed under the ids that it gives, and beside what cron and other people start. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSchedule, type ScheduleState } from '../../src/client/schedules/read-schedules.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { SignedReport } from '../../src/report/signed-report.ts';
import { runCommand, startCommand, type CommandEnd } from '../support/command-line.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';

let service: ServiceFixture;
let directory: string;
/** A minute until it is due, and a machine that has other things to do. */
const patienceMs = 150_000;
/** While it is there, backups stand still in the midst of their work. */
let held: PromiseWithResolvers<void> | null = null;

beforeAll(async () => {
  service = await startServiceFixture();
  directory = await mkdtemp(join(tmpdir(), 'holdfast sched-'));
  await service.sql('CREATE TABLE orders (id int)');
  await service.startWorker({ hooks: { wrapActivities: (activities: Activities): Activities => ({
    ...activities,
    backUpComponent: async (input) => {
      await held?.promise;
      return activities.backUpComponent(input);
    },
  }) } });
  await configure('{ backup: "* * * * *", jitter: 0s, timeZone: Europe/Berlin }');
});
afterAll(async () => {
  held?.resolve();
  for (const verb of ['backup', 'base', 'prune', 'drill', 'rebuild', 'reap']) await service?.client.schedule.getHandle(`holdfast/${verb}/${service.name}`).delete().catch(() => undefined);
  await service?.client.schedule.getHandle(`nightly-${service.name}`).delete().catch(() => undefined);
  for await (const { workflowId, runId } of service?.client.workflow.list({ query: `TaskQueue = '${service.taskQueue}' AND ExecutionStatus = 'Running'` }) ?? []) await service.client.workflow.getHandle(workflowId, runId).terminate('the test is over').catch(() => undefined);
  await service?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function configure(schedules: string): Promise<void> {
  const [{ host, components } = { host: '', components: [] }] = service.config.services;
  const [postgres, redis] = components;
  await writeFile(join(directory, 'holdfast.yaml'), `host: ${host}
queuePrefix: ${service.config.queuePrefix}
backup: { prove: false }
services:
  ${service.name}:
    postgres: { container: ${postgres?.container ?? ''}, database: shop }
    redis: { container: ${redis?.container ?? ''} }
    schedules: ${schedules}
repositories: { local: { url: ${JSON.stringify(service.repositoryPath)} } }
`);
}

const environment = { TEMPORAL_ADDRESS: temporalAddress(), DOCKER_HOST: dockerHost() };
const holdfast = (...args: string[]): Promise<CommandEnd> => runCommand(args, { directory, environment });
const objectOf = async <T>(...args: string[]): Promise<T> => {
  const { stdout } = await holdfast(...args, '--json');
  return JSON.parse(stdout) as T;
};
const schedule = async (): Promise<ScheduleState> => await readSchedule(service.client, `holdfast/backup/${service.name}`) as ScheduleState;

test('the plan is shown, approved by its digits, and made; then it is in order', async () => {
  const plan = await holdfast('schedule', 'plan');
  expect(plan).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`create +holdfast/backup/${service.name}: takeBackup at \\* \\* \\* \\* \\* Europe/Berlin, caught up with for 6h\\n`)) });
  const [, digits = ''] = /--plan ([0-9a-f]{4}-[0-9a-f]{4})/.exec(plan.stdout) ?? [];
  const [unasked, wrong] = await Promise.all([holdfast('schedule', 'apply'), holdfast('schedule', 'apply', '--plan', '0000-0000')]);
  expect(unasked).toMatchObject({ code: 5, stdout: expect.stringContaining(`Nothing was changed. To have it done: holdfast schedule apply --plan ${digits}`) });
  expect(wrong).toMatchObject({ code: 3, stderr: expect.stringContaining('PlanChanged') });
  expect(await schedule()).toBeNull();
  expect(await objectOf('schedule', 'plan')).toMatchObject({ plan: digits, exitCode: 0, schedules: expect.arrayContaining([expect.objectContaining({ kind: 'create', id: `holdfast/backup/${service.name}`, terms: expect.objectContaining({ when: '* * * * *', timeZone: 'Europe/Berlin', overlap: 'SKIP' }) })]) });
  // Before the schedule is there: a minute may begin any time.
  held = Promise.withResolvers<void>();
  expect(await holdfast('schedule', 'apply', '--plan', digits)).toMatchObject({ code: 0, stdout: expect.stringContaining('5 schedules applied'), stderr: '' });
  expect(await holdfast('schedule', 'apply')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing had to be changed.') });
});

test('a run begins by itself, stores a backup, and is known under its id; what is due meanwhile is skipped and counted', async () => {
  await waitFor(async () => (await schedule()).running.length === 1, patienceMs);
  const [workflowId = ''] = (await schedule()).running;
  expect(workflowId).toMatch(new RegExp(`^holdfast/backup/${service.name}/scheduled-\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:00Z$`));
  await waitFor(async () => (await service.client.workflow.getHandle(`holdfast/lease/${service.name}`).describe()).status.name === 'RUNNING');
  let status = await holdfast('status');
  // Open runs are told by the server's index, which is a moment behind.
  await waitFor(async () => (status = await holdfast('status')).stdout.includes(workflowId));
  expect(status.stdout).toContain(`${workflowId}  takeBackup of ${service.name}  `);
  expect(status.stdout).toContain(`holdfast watch ${workflowId}`);
  // Cron's own line, in cron's own surroundings: one of the two is left out, and says who was there.
  await mkdir(join(directory, 'home'));
  const line = `cd '${directory}' && '${process.execPath}' '${join(import.meta.dirname, '..', '..', 'bin', 'holdfast.js')}' backup --quiet`;
  const cron = await promisify(execFile)('/bin/sh', ['-c', line], { env: { PATH: '/usr/bin:/bin', HOME: join(directory, 'home'), HOLDFAST_TIMING: 'test', ...environment } }).then(() => ({ code: 0, stderr: '' }), (error: { code: number; stderr: string }) => error);
  expect(cron.code).toBe(6);
  expect(cron.stderr).toMatch(/ServiceBusy/);
  expect(cron.stderr).toContain(workflowId.split('/').at(-1));
  // Not seen within ten seconds it is neither; asked again it is left out again.
  let beside = await holdfast('schedule', 'run', 'backup');
  while (beside.code === 4) beside = await holdfast('schedule', 'run', 'backup');
  expect(beside).toMatchObject({ code: 6, stdout: expect.stringContaining(`1 run of it is open (${workflowId})`) });
  expect(await holdfast('schedule', 'pause', 'backup', '--reason', 'the test has seen enough')).toMatchObject({ code: 0 });
  held?.resolve();
  held = null;
  expect(await holdfast('watch', workflowId)).toMatchObject({ code: 0, stdout: expect.stringMatching(/stored/) });
  const listed = await objectOf<{ backups: { id: string }[] }>('list');
  expect(listed.backups).toHaveLength(1);
  expect(await holdfast('show', listed.backups[0]?.id ?? '')).toMatchObject({ code: 0 });
  await waitFor(async () => (await schedule()).last?.state === 'COMPLETED', patienceMs);
  expect(await schedule()).toMatchObject({ taken: 1, running: [], paused: true });
  expect((await schedule()).skipped).toBeGreaterThan(0);
  expect((await holdfast('schedule', 'list')).stdout).toMatch(new RegExp(`holdfast/backup/${service.name} +\\* \\* \\* \\* \\* Europe/Berlin +- +\\w+ +\\d+ \\w+ \\d\\d:\\d\\d done +1 +[1-9]\\d* +0 +paused: the test has seen enough`));
  expect((await objectOf<{ schedules: ScheduleState[] }>('schedule', 'list')).schedules.find(({ id }) => id === `holdfast/backup/${service.name}`)).toMatchObject({ foreign: false, service: service.name, taken: 1, missed: 0, paused: true, nextAt: null, last: { workflowId, state: 'COMPLETED' } });
});

test('a drill that its schedule starts goes to its end, and its report says what started it', async () => {
  const { started } = await objectOf<{ started: { workflowId: string } | null }>('schedule', 'run', 'drill');
  // For whoever waits at a prompt ten seconds are enough; a busy server's scheduler may take longer.
  const last = async (): Promise<string> => (await readSchedule(service.client, `holdfast/drill/${service.name}`))?.last?.workflowId ?? '';
  await waitFor(async () => (await last()) !== '', patienceMs);
  const workflowId = started?.workflowId ?? await last();
  expect(workflowId).toMatch(new RegExp(`^holdfast/drill/${service.name}/scheduled-\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`));
  expect(await holdfast('watch', workflowId)).toMatchObject({ code: 0 });
  const { report } = await objectOf<SignedReport>('report', 'show', 'latest');
  expect(report).toMatchObject({ service: service.name, kind: 'restore', verdict: 'proven', startedBy: { by: 'schedule', identity: `schedule holdfast/drill/${service.name}`, reason: null }, run: { workflowId }, cleanUp: { outcome: 'clean' } });
  expect((await holdfast('report', 'list')).stdout).toMatch(new RegExp(`${service.name} +${report.drillId} .* restore +proven `));
  await waitFor(async () => (await readSchedule(service.client, `holdfast/drill/${service.name}`))?.last?.state === 'COMPLETED', patienceMs);
  expect((await holdfast('status')).stdout).toMatch(new RegExp(` last restore drill: proven, .* \\(${report.drillId}\\), RTO [^]* schedule drill: next .*, last .* done`));
});

test('a change keeps it paused; what was edited by hand is left, then put right; off removes it', async () => {
  await configure('{ backup: "0 2 * * *", jitter: 0s, timeZone: UTC }');
  const changed = await holdfast('schedule', 'apply', '--yes');
  expect(changed).toMatchObject({ code: 0, stdout: expect.stringMatching(/change +holdfast\/backup\/[^]*when: is \* \* \* \* \*, would be 0 2 \* \* \*\n +time zone: is Europe\/Berlin, would be UTC\n +it is paused \(the test has seen enough[^]*, and stays so/) });
  expect(await schedule()).toMatchObject({ paused: true, terms: { when: '0 2 * * *', timeZone: 'UTC' } });
  await holdfast('schedule', 'resume', 'backup');
  await service.client.schedule.getHandle(`holdfast/backup/${service.name}`).update((is) => ({ ...is, policies: { ...is.policies, overlap: 'ALLOW_ALL' } }));
  const left = await holdfast('schedule', 'apply', '--yes');
  expect(left).toMatchObject({ code: 3, stdout: expect.stringMatching(/edited by hand +holdfast\/backup\/[^]*overlap: is ALLOW_ALL, would be SKIP {3}\(edited\)/), stderr: expect.stringContaining('--correct') });
  expect(await holdfast('schedule', 'apply', '--yes', '--correct')).toMatchObject({ code: 0, stdout: expect.stringContaining('Corrected') });
  expect((await schedule()).terms.overlap).toBe('SKIP');
  await configure('{ backup: off, prune: off, drill: off, rebuild: off, reap: off }');
  // Asked for a yes, Enter is none.
  for (const [typed, code] of [['\r', 5], ['apply\r', 0]] as const) {
    expect(await schedule()).not.toBeNull();
    const asked = startCommand(['schedule', 'apply'], { directory, environment, terminal: true });
    await waitFor(async () => asked.output().includes('Type apply'));
    expect(asked.output()).toMatch(/remove +holdfast\/backup\//);
    asked.type(typed);
    expect((await asked.ended).code).toBe(code);
  }
  expect(await schedule()).toBeNull();
});

test('one that is made as the page says is shown as foreign, and its run is a backup like any other', { tags: 'long' }, async () => {
  const id = `nightly-${service.name}`;
  const temporal = (...args: string[]) => promisify(execFile)(process.env['TEMPORAL_CLI'] ?? 'temporal', [...args, '--address', temporalAddress()]);
  await temporal('schedule', 'create', '--schedule-id', id, '--cron', '0 2 * * *', '--time-zone', 'UTC', '--overlap-policy', 'Skip', '--catchup-window', '6h', '--type', 'takeBackup', '--task-queue', service.taskQueue, '--workflow-id', `holdfast/backup/${service.name}/nightly`, '--input', JSON.stringify({ service: service.name }));
  await temporal('schedule', 'trigger', '--schedule-id', id);
  await waitFor(async () => (await readSchedule(service.client, id))?.last?.state === 'COMPLETED', patienceMs);
  await waitFor(async () => (await holdfast('schedule', 'list')).stdout.includes(`${id} `), patienceMs);
  expect((await holdfast('schedule', 'list')).stdout).toMatch(new RegExp(`${id} .* done .*foreign: starts takeBackup`));
  expect(await holdfast('schedule', 'remove')).toMatchObject({ code: 0, stdout: 'There is no schedule.\n' });
  expect((await objectOf<{ backups: unknown[] }>('list')).backups).toHaveLength(2);
  expect(await readSchedule(service.client, id)).not.toBeNull();

  // Temporal's older way, too: one workflow that begins anew each time.
  const byCron = `holdfast/backup/${service.name}/by-cron`;
  await temporal('workflow', 'start', '--cron', '* * * * *', '--type', 'takeBackup', '--task-queue', service.taskQueue, '--workflow-id', byCron, '--input', JSON.stringify({ service: service.name }));
  await waitFor(async () => (await objectOf<{ backups: unknown[] }>('list')).backups.length === 3, patienceMs);
  await service.client.workflow.getHandle(byCron).terminate('the test has seen enough');
});
