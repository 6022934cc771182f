/**
 * Every activity that could do harm, scheduled directly by a foreign workflow with the very input of a real run, while that run stands in mid
 * cut-over: each one refuses, or acts for its own (foreign) run only and so changes nothing. The real run then ends as if nothing had been.
 */
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createActivities } from '../../src/activities/index.ts';
import { hostQueue } from '../../src/domain/task-queues.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { strikeAt } from '../chaos/fault/strike.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';

/** Needs an approval of the run that asks. */
const destructive = ['beginCutOver', 'closeComponent', 'swapComponent', 'compareClosedComponent', 'markOpening', 'openComponent', 'completeComponent', 'discardRollbackCopy', 'markAccepted'] as const;
/** Approved by starting its runbook, and done by no other. */
const ofItsRunbook = ['changeLogSettings', 'restartForSettings', 'forgetLog', 'removeCopy', 'holdOne', 'releaseHolds', 'carryOutPrune', 'carryOutDelete', 'takeBackBackup', 'recordDrill', 'exportComponent', 'finishExport', 'plantCanary'] as const;
/** Looks for something of the run that asks: of a foreign one there is nothing. */
const harmlessElsewhere = ['finishCutOver', 'rollBackComponent', 'finishRollBack', 'discardPreparedComponent', 'abandonBackup', 'repairRun', 'lowerOwnFences', 'removeRunScratch', 'releaseLease', 'endLease', 'fillCopy', 'startCopy', 'discardCopy', 'checkDrill', 'askDrill', 'startDrillServices', 'checkDrillHealth', 'runDrillTests', 'removeDrill', 'reapScratch'] as const;
/** Reads, or makes something new beside that is the asking run's own. */
const harmless = [
  'resolveService', 'enterHost', 'inspectLease', 'waitForLease', 'claimBackup', 'inspectComponent', 'backUpComponent', 'commitBackup', 'findBackup', 'verifyComponent', 'proveComponent', 'recordProof',
  'findImports', 'planImport', 'takeFile', 'placeMark', 'locatePoint', 'recoverToPoint', 'finishRecovery', 'findCompanion', 'makeInstant', 'findSearchArea', 'narrowMoment', 'watchLogs', 'planLogSettings', 'planForgetLogs', 'sightCluster', 'requireCopyName', 'createCopyServer', 'planRemoveCopy', 'chooseDrill', 'findDrillKeys', 'chooseRebuild', 'prepareDrill', 'verifyDrill', 'fillDrill', 'startDrill', 'planPrune', 'planDelete',
  'ensureRunning', 'prepareComponent', 'prepareTables', 'prepareTablesFromMoment', 'readTables', 'prepareUndoOf', 'planRestore', 'confirmApproval', 'findRollback', 'pinRollbackCopy', 'checkHealth', 'waitForHealth', 'restartApplication', 'findEndedRuns', 'requireRollbackRecords',
] as const;

let service: ServiceFixture;
let foreign: { worker: Worker; running: Promise<void>; connection: NativeConnection };
let restore: WorkflowHandle;
const released = Promise.withResolvers<void>();
const stolen = new Map<string, unknown>();

beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql(`CREATE TABLE state (word text); INSERT INTO state VALUES ('saved')`);
  const reached = Promise.withResolvers<void>();
  const { wrap, hooks } = instrument(service.config, strikeAt(parsePoint('restoreBackup/compareClosedComponent:redis#1/before'), async () => {
    reached.resolve();
    await released.promise;
  }));
  await service.startWorker({ wrap, hooks });
  foreign = await startForeignWorker();
  const backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  await service.sql(`UPDATE state SET word = 'live'`);
  restore = await service.start('restoreBackup', { service: service.name, backup: backup.backupId });
  await service.approve(restore);
  await reached.promise;
  await steal(backup.backupId);
});
afterAll(async () => {
  released.resolve();
  foreign?.worker.shutdown();
  await foreign?.running;
  await foreign?.connection.close();
  await service?.stop();
});

async function startForeignWorker(): Promise<typeof foreign> {
  const connection = await NativeConnection.connect({ address: temporalAddress() });
  const worker = await Worker.create({ connection, taskQueue: `${service.taskQueue}-foreign`, workflowsPath: fileURLToPath(new URL('../support/foreign-workflow.ts', import.meta.url)) });
  return { worker, running: worker.run(), connection };
}

/** What can be read in the run's history, and the rest put together from it as anyone could. */
async function steal(backupId: string): Promise<void> {
  for (const event of (await restore.fetchHistory()).events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const payload = scheduled?.input?.payloads?.[0];
    if (scheduled?.activityType?.name != null && payload != null) stolen.set(scheduled.activityType.name, defaultPayloadConverter.fromPayload(payload));
  }
  const begin = stolen.get('beginCutOver') as { authority: { service: string }; decision: unknown; components: readonly object[]; cutOvers: readonly { component: string }[] };
  const { runId } = await restore.describe();
  const [component, cutOver, name] = [begin.components[0], begin.cutOvers[0], { service: service.name }];
  const { manifestSha256 } = stolen.get('verifyComponent') as { manifestSha256: string };
  const drilled = { backup: { ...name, repository: 'local', backupId, manifestSha256 } };
  const owner = { namespaceId: (stolen.get('enterHost') as { namespaceId?: string }).namespaceId ?? '', workflowId: restore.workflowId, runId };
  const made: Record<string, unknown> = {
    openComponent: stolen.get('swapComponent'), completeComponent: stolen.get('swapComponent'), markOpening: begin.authority, finishCutOver: begin.authority, rollBackComponent: stolen.get('swapComponent'), finishRollBack: begin.authority,
    discardRollbackCopy: { authority: begin.authority, decision: begin.decision, component, cutOver, rollbackRunId: runId }, markAccepted: { ...begin.authority, rollbackRunId: runId },
    discardPreparedComponent: { ...name, component, cutOver }, abandonBackup: { ...name, backupId }, repairRun: { ...name, owner }, lowerOwnFences: begin.authority,
    changeLogSettings: { ...name, component, changes: [] }, restartForSettings: { ...name, component }, forgetLog: { ...name, component },
    holdOne: { ...name, backup: backupId, reason: 'stolen' }, releaseHolds: { ...name, backup: backupId, reason: 'stolen' },
    carryOutPrune: { ...name, repository: service.config.services[0]?.repositories[0], approved: true }, takeBackBackup: { ...name, backup: backupId, reason: 'stolen' }, carryOutDelete: { ...name, backupId, reason: 'stolen' },
    exportComponent: { ...name, backupId, manifestSha256: '', component: 'postgres', directory: '/tmp' }, finishExport: { ...name, directory: '/tmp', files: ['postgres-20260118-133121.sql.gz'] },
    removeCopy: { ...name, copy: 'looking', makers: [owner] }, discardCopy: { ...name, copy: 'looking' }, startCopy: { ...name, copy: 'looking', components: [component] },
    fillCopy: { ...name, copy: 'looking', component, backup: { backupId, manifestSha256: '' } },
    recordDrill: name, plantCanary: { ...name, component: 'postgres' }, checkDrill: { ...drilled, component: 'redis', known: [] }, askDrill: drilled, startDrillServices: drilled, checkDrillHealth: drilled, runDrillTests: drilled, removeDrill: name, reapScratch: name,
    removeRunScratch: name, releaseLease: name, endLease: { ...name, leaseRunId: (await service.client.workflow.getHandle(`holdfast/lease/${service.name}`).describe()).runId },
  };
  for (const [activity, input] of Object.entries(made)) if (!stolen.has(activity)) stolen.set(activity, input);
}

const call = (name: string): Promise<{ type?: string }> => service.client.workflow.execute('callActivity', {
  taskQueue: `${service.taskQueue}-foreign`, workflowId: `foreign-${service.name}-${name}`,
  args: [{ name, argument: stolen.get(name), taskQueue: hostQueue(service.config.host, service.config.queuePrefix) }],
});

test('no activity is without a place in these lists', () => {
  const all = Object.keys(createActivities({} as ActivityDependencies));
  expect([...destructive, ...ofItsRunbook, ...harmlessElsewhere, ...harmless].sort()).toEqual(all.sort());
});

test.each([...destructive, ...ofItsRunbook])('%s refuses', async (name) => {
  expect(stolen.get(name)).toBeDefined();
  expect((await call(name)).type).toBe('ApprovalNotForThisRun');
});

test.each(harmlessElsewhere)('%s finds nothing of its own run', async (name) => {
  expect(stolen.get(name)).toBeDefined();
  const { type } = await call(name);
  expect([undefined, 'AmbiguousState']).toContain(type);
});

test('and the run they were stolen from ends as if nothing had been', async () => {
  expect((await restore.describe()).status.name).toBe('RUNNING');
  released.resolve();
  await restore.result();
  expect(await service.sql('SELECT word FROM state')).toBe('saved');
  expect(await service.leftovers()).toEqual([]);
  const undo = await service.start('undoRestore', { service: service.name, run: 'latest' });
  await service.approve(undo);
  await undo.result();
  expect(await service.sql('SELECT word FROM state')).toBe('live');
});
