/** Schedules on a real Temporal server: made, changed, edited by hand, paused, started, removed; and those that somebody else made. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Client, ScheduleOptions } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { applySchedule, removeSchedule, type ScheduleStep } from '../../../src/client/schedules/apply-schedule.ts';
import { pauseSchedule, resumeSchedule, triggerSchedule } from '../../../src/client/schedules/direct-schedule.ts';
import { readSchedule, readSchedules, type ScheduleState } from '../../../src/client/schedules/read-schedules.ts';
import { connectClient } from '../../../src/client/temporal-connection.ts';
import { scheduleDifferences, type ScheduleDifference } from '../../../src/domain/schedules/difference.ts';
import { defaultSettings, type ScheduleSettings } from '../../../src/domain/schedules/schedule-settings.ts';
import { wishedSchedules, type WishedSchedule } from '../../../src/domain/schedules/schedule-terms.ts';
import { serviceWith } from '../../domain/schedules/sample-service.ts';
import { failing } from '../../support/failing.ts';
import { waitFor } from '../../support/service-fixture.ts';
import { temporalAddress } from '../../support/test-environment.ts';

let client: Client;
let name = '';
/** Made by a test beside ours. */
const foreign = new Set<string>();

beforeAll(async () => {
  client = await connectClient({ address: temporalAddress() });
});
afterEach(async () => {
  for (const id of [...ids(), ...foreign]) await client.schedule.getHandle(id).delete().catch(() => undefined);
  foreign.clear();
  for await (const { workflowId, runId } of client.workflow.list({ query: `TaskQueue = 'nobody-${name}' AND ExecutionStatus = 'Running'` })) await client.workflow.getHandle(workflowId, runId).terminate('the test is over');
});
afterAll(() => client?.connection.close());

const newName = (): void => void (name = `sch-${randomBytes(4).toString('hex')}`);
const settings = (times: ScheduleSettings['times'] = {}): ScheduleSettings => ({ ...defaultSettings, times: { prune: 'off', drill: 'off', rebuild: 'off', ...times }, timeZone: 'Europe/Berlin' });
const wishes = (schedules: ScheduleSettings = settings()): readonly WishedSchedule[] => wishedSchedules(serviceWith([{ engine: 'postgres', name: 'postgres', container: 'c', database: 'd', user: 'u' }], schedules, name), `nobody-${name}`);
const ids = (): readonly string[] => ['backup', 'base', 'drill', 'prune', 'reap'].map((verb) => `holdfast/${verb}/${name}`);
const backupId = (): string => `holdfast/backup/${name}`;

/** What there is of this test's service: ours by id, and foreign ones as soon as they are listed. */
const here = async (): Promise<readonly ScheduleState[]> => (await readSchedules(client, ids())).filter(({ id }) => id.includes(name));
const differences = async (wished: readonly WishedSchedule[]): Promise<readonly ScheduleDifference[]> => scheduleDifferences(wished, await here(), [name]);
const kinds = async (wished: readonly WishedSchedule[]): Promise<Record<string, string>> => Object.fromEntries((await differences(wished)).map(({ id, kind }) => [id.replace(`/${name}`, '').replace('holdfast/', ''), kind]));

async function apply(wished: readonly WishedSchedule[], correct = false): Promise<void> {
  const steps = (await differences(wished)).filter((each): each is ScheduleStep => ['create', 'change', 'remove'].includes(each.kind) || (correct && each.kind === 'drifted'));
  for (const step of steps) await applySchedule(client, step, 'mia@laptop');
}

const state = async (): Promise<ScheduleState> => await readSchedule(client, backupId()) as ScheduleState;
const temporal = async (...args: string[]): Promise<void> => void await promisify(execFile)(process.env['TEMPORAL_CLI'] ?? 'temporal', [...args, '--address', temporalAddress()]);
const byHand = (scheduleId: string, more: Partial<ScheduleOptions> = {}): ScheduleOptions => ({
  scheduleId, spec: { cronExpressions: ['0 4 * * *'] }, action: { type: 'startWorkflow', workflowType: 'takeBackup', taskQueue: `nobody-${name}`, workflowId: `by-hand-${name}`, args: [{ service: name }] }, ...more,
});

describe('what the configuration says', () => {
  it('is made, and is what was wished; made again it changes nothing', async () => {
    newName();
    expect(await kinds(wishes())).toEqual({ backup: 'create', reap: 'create' });
    await apply(wishes());
    const description = await client.schedule.getHandle(backupId()).describe();
    expect(description).toMatchObject({
      spec: { timezone: 'Europe/Berlin', jitter: 60_000 }, policies: { overlap: 'SKIP', catchupWindow: 21_600_000, pauseOnFailure: false },
      action: { workflowType: 'takeBackup', workflowId: `holdfast/backup/${name}/scheduled`, taskQueue: `nobody-${name}`, args: [{ service: name, requestedBy: `schedule ${backupId()}` }], workflowExecutionTimeout: 259_200_000, staticSummary: `backup of ${name}, by its schedule` },
      state: { paused: false, note: `backup of ${name}, from holdfast.yaml, by mia@laptop (holdfast schedule apply)` },
    });
    expect(await kinds(wishes())).toEqual({ backup: 'unchanged', reap: 'unchanged' });
    await apply(wishes());
    expect((await client.schedule.getHandle(backupId()).describe()).info.lastUpdatedAt).toEqual(description.info.lastUpdatedAt);
  });

  it('is made once where two make it at once', async () => {
    newName();
    const steps = await differences(wishes()) as readonly ScheduleStep[];
    await Promise.all([...steps, ...steps].map((step) => applySchedule(client, step, 'both')));
    expect(await kinds(wishes())).toEqual({ backup: 'unchanged', reap: 'unchanged' });
  });

  it.each(['*/7 3-5 * * *', '0 0 29 2 *', '59 23 28-31 * *', '5,6,7,40 */5 1,15 JAN-MAR *', '0 12 * * FRI-7', '* * * * *', 'quarterly', 'yearly'])('comes back from the server as %s', async (backup) => {
    newName();
    await apply(wishes(settings({ backup, reap: 'off' })));
    expect(await kinds(wishes(settings({ backup, reap: 'off' })))).toEqual({ backup: 'unchanged' });
  });

  it('is changed where it changes, one term at a time, and removed where it is off', async () => {
    newName();
    await apply(wishes());
    const other = { ...settings({ backup: '30 1 * * *', reap: 'off', base: 'weekly' }), catchupMs: 3_600_000 };
    const found = await differences(wishes(other));
    expect(found.map(({ kind }) => kind).toSorted()).toEqual(['change', 'create', 'remove']);
    expect(found.find(({ kind }) => kind === 'change')).toMatchObject({ id: backupId(), changes: [{ term: 'when', is: '0 2 * * *', wouldBe: '30 1 * * *' }, { term: 'catchupMs', is: 21_600_000, wouldBe: 3_600_000 }] });
    await apply(wishes(other));
    expect(await kinds(wishes(other))).toEqual({ backup: 'unchanged', base: 'unchanged' });
    expect(await readSchedule(client, `holdfast/reap/${name}`)).toBeNull();
  });

  it('is refused in words of ours where the server refuses it', async () => {
    newName();
    const [wished] = wishes();
    const step = { kind: 'create', id: backupId(), wished: { ...wished as WishedSchedule, terms: { ...wished?.terms as WishedSchedule['terms'], timeZone: 'Europe/Nowhere' } }, found: null } as const;
    expect((await failing('InvalidConfiguration', applySchedule(client, step, 'mia'))).fields.cause).toContain('Europe/Nowhere');
  });
});

describe('edited by hand', () => {
  it('is found term by term, left alone, and put back when that is asked for', async () => {
    newName();
    await apply(wishes());
    await client.schedule.getHandle(backupId()).update((is) => ({ ...is, spec: { ...is.spec, timezone: 'UTC', skip: [{ dayOfWeek: 'SUNDAY' }] }, policies: { ...is.policies, overlap: 'BUFFER_ONE' }, state: { ...is.state, remainingActions: 3 } }));
    const drifted = (await differences(wishes())).find(({ id }) => id === backupId());
    expect(drifted).toMatchObject({ kind: 'drifted', edited: ['timeZone', 'overlap', 'others'] });
    expect((await state()).terms.others).toBe('not at 0 0 * * 0, only 3 more runs');
    await apply(wishes());
    expect((await kinds(wishes()))['backup']).toBe('drifted');
    await apply(wishes(), true);
    expect(await kinds(wishes())).toEqual({ backup: 'unchanged', reap: 'unchanged' });
    expect((await client.schedule.getHandle(backupId()).describe()).state.remainingActions).toBeUndefined();
  });

  it('by the Temporal CLI, which drops whatever it is not told, is ours all the same', async () => {
    newName();
    await apply(wishes());
    await temporal('schedule', 'update', '--schedule-id', backupId(), '--cron', '0 5 * * *', '--type', 'takeBackup', '--task-queue', `nobody-${name}`, '--workflow-id', 'w', '--input', JSON.stringify({ service: name }));
    const drifted = (await differences(wishes())).find(({ id }) => id === backupId());
    expect(drifted).toMatchObject({ kind: 'drifted', edited: null });
    // What the CLI writes out where we leave the server's own default is no difference.
    expect(drifted?.kind === 'drifted' && drifted.changes.map(({ term }) => term)).toEqual(['when', 'timeZone', 'jitterMs', 'catchupMs', 'input', 'workflowId', 'summary', 'runTimeoutMs']);
    await apply(wishes(), true);
    expect((await kinds(wishes()))['backup']).toBe('unchanged');
  });

  it('after it was shown, it is not written over', async () => {
    newName();
    await apply(wishes());
    const other = wishes(settings({ backup: '30 1 * * *' }));
    const step = (await differences(other)).find(({ kind }) => kind === 'change') as ScheduleStep;
    await client.schedule.getHandle(backupId()).update((is) => ({ ...is, policies: { ...is.policies, pauseOnFailure: true } }));
    await failing('PlanChanged', applySchedule(client, step, 'mia'));
    expect((await state()).terms).toMatchObject({ when: '0 2 * * *', pauseOnFailure: true });
  });
});

describe('paused', () => {
  it('says why, and stays so over every apply', async () => {
    newName();
    await apply(wishes());
    await pauseSchedule(client, backupId(), 'moving the disks', 'mia@laptop');
    expect(await state()).toMatchObject({ paused: true, note: 'moving the disks (paused by mia@laptop)', nextAt: null });
    await apply(wishes(settings({ backup: '30 1 * * *' })));
    expect(await state()).toMatchObject({ paused: true, note: 'moving the disks (paused by mia@laptop)', terms: { when: '30 1 * * *' } });
    await resumeSchedule(client, backupId(), 'tom@desk');
    expect(await state()).toMatchObject({ paused: false, note: expect.stringContaining('tom@desk'), nextAt: expect.any(String), terms: { when: '30 1 * * *' } });
  });
});

describe('a run that is asked for', () => {
  it('is one, however many ask at once; the next one is skipped, said so, and counted', async () => {
    newName();
    await apply(wishes(settings({ reap: 'off', backup: 'yearly' })));
    const asked = await Promise.all([1, 2, 3].map(() => triggerSchedule(client, backupId(), 60_000)));
    const runs = new Set(asked.map(({ started }) => started?.workflowId).filter((id) => id !== undefined));
    expect([...runs]).toEqual([expect.stringMatching(new RegExp(`^holdfast/backup/${name}/scheduled-\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`))]);
    expect(await state()).toMatchObject({ taken: 1, running: [...runs], last: { workflowId: [...runs][0], state: 'RUNNING' } });
    const again = await triggerSchedule(client, backupId(), 60_000);
    expect(again).toEqual({ outcome: 'leftOut', started: null, running: [...runs] });
    expect(await state()).toMatchObject({ taken: 1, skipped: expect.any(Number), missed: 0 });
    expect((await state()).skipped).toBeGreaterThan(0);
    // What became of it stands beside what was never started.
    await client.workflow.getHandle([...runs][0] ?? '').terminate('the test is over');
    await waitFor(async () => (await state()).last?.state === 'TERMINATED' && (await state()).running.length === 0);
    expect((await triggerSchedule(client, backupId(), 60_000)).started).not.toBeNull();
  });

  it('that was not seen to begin in time may begin all the same', async () => {
    newName();
    await apply(wishes(settings({ reap: 'off', backup: 'yearly' })));
    // Looked at for no time at all.
    expect(await triggerSchedule(client, backupId(), 0)).toEqual({ outcome: 'notSeen', started: null, running: [] });
    await waitFor(async () => (await state()).running.length === 1);
  });

  it('is given by a paused schedule too', async () => {
    newName();
    await apply(wishes(settings({ reap: 'off' })));
    await pauseSchedule(client, backupId(), 'x', 'mia');
    expect((await triggerSchedule(client, backupId(), 60_000)).started).not.toBeNull();
    expect((await state()).paused).toBe(true);
  });
});

describe('what somebody made by hand', () => {
  it('for our runbooks is shown, and touched by nothing', async () => {
    newName();
    const id = `nightly-${name}`;
    foreign.add(id);
    await client.schedule.create(byHand(id));
    await apply(wishes());
    await waitFor(async () => (await kinds(wishes()))[id.replace(`/${name}`, '')] === 'foreign');
    const before = await client.schedule.getHandle(id).describe();
    await apply(wishes(settings({ backup: 'off', reap: 'off' })), true);
    for (const work of [() => pauseSchedule(client, id, 'x', 'mia'), () => resumeSchedule(client, id, 'mia'), () => triggerSchedule(client, id), () => removeSchedule(client, id)]) expect((await failing('InvalidInput', work)).fields.cause).toContain('by hand');
    const after = await client.schedule.getHandle(id).describe();
    expect([after.info.lastUpdatedAt, after.state, after.info.numActionsTaken]).toEqual([before.info.lastUpdatedAt, before.state, 0]);
  });

  it('for themselves is none of our business, and keeps us from nothing', async () => {
    newName();
    const id = `encrypted-${name}`;
    foreign.add(id);
    const data = { metadata: { encoding: new TextEncoder().encode('binary/encrypted') }, data: new Uint8Array([1]) };
    await client.workflowService.createSchedule({
      namespace: client.options.namespace, scheduleId: id, requestId: id, memo: { fields: { theirs: data } },
      schedule: { spec: { cronString: ['0 4 * * *'] }, action: { startWorkflow: { workflowId: id, workflowType: { name: 'theirOwn' }, taskQueue: { name: `nobody-${name}` }, input: { payloads: [data] } } } },
    });
    const listed = async (): Promise<boolean> => {
      for (let token: Uint8Array | undefined; ;) {
        const page = await client.workflowService.listSchedules({ namespace: client.options.namespace, ...(token === undefined ? {} : { nextPageToken: token }) });
        if (page.schedules?.some(({ scheduleId }) => scheduleId === id) === true) return true;
        if (page.nextPageToken == null || page.nextPageToken.length === 0) return false;
        token = page.nextPageToken;
      }
    };
    await waitFor(listed);
    expect((await here()).map((schedule) => schedule.id)).toEqual([]);
  });

  it('under the very name of ours is not ours', async () => {
    newName();
    await client.schedule.create(byHand(backupId(), { memo: { holdfastSchedule: { service: 'another', verb: 'backup' } } }));
    expect(await kinds(wishes())).toEqual({ backup: 'taken', reap: 'create' });
    await apply(wishes(), true);
    expect((await state()).terms.when).toBe('0 4 * * *');
    // Neither by somebody who saw it before it was there.
    const [wished] = wishes();
    await failing('PlanChanged', applySchedule(client, { kind: 'create', id: backupId(), wished: wished as WishedSchedule, found: null }, 'mia'));
    await failing('InvalidInput', removeSchedule(client, backupId()));
  });
});

test('what is removed is gone, and stays so when that is said twice', async () => {
  newName();
  await apply(wishes());
  await removeSchedule(client, backupId());
  await removeSchedule(client, backupId());
  expect(await readSchedule(client, backupId())).toBeNull();
  for (const work of [() => pauseSchedule(client, backupId(), 'x', 'mia'), () => triggerSchedule(client, backupId(), 60_000)]) expect((await failing('InvalidInput', work)).fields.cause).toBe('there is no such schedule');
  // And can be made again at once.
  await apply(wishes());
  expect(await kinds(wishes())).toEqual({ backup: 'unchanged', reap: 'unchanged' });
});
