/** What a demo leaves that was killed in mid restore, laid out by hand on a real engine: the next one removes it, and nothing else. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanDemos } from '../../../devbox/demo/clean-demos.ts';
import { isRunning, readRecords, writeRecord, type DemoRecord } from '../../../devbox/demo/demo-record.ts';
import { removeEndedDemos } from '../../../devbox/demo/remove-demo.ts';
import { identifyProcess, livingPid } from '../../../devbox/process-identity.ts';
import { fenceName, raiseFences } from '../../../src/containers/fence.ts';
import { receiverLabels, receiverName } from '../../../src/containers/labels.ts';
import { DockerScope, testDockerHost } from '../../support/docker.ts';

const docker = new DockerScope();
const gone = '4194000:1';
let state: string;
let imageId: string;

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'holdfast-demo-state-'));
  process.env['HOLDFAST_DEVBOX_DIR'] = state;
  imageId = await docker.image('redis:8');
});
afterAll(async () => {
  await docker.removeAll();
  rmSync(state, { recursive: true, force: true });
});

const receiverIn = (namespaceId: string) => ({ namespaceId, service: 'shop', component: 'postgres' });

/** A demo with a container, a volume and a fence on it, what receives its log, and a worker that outlived it. */
async function layOut(what: string, facts: Partial<DemoRecord>): Promise<DemoRecord> {
  const prefix = `${docker.id}-${what}`;
  const labels = { 'dev.holdfast.test': prefix };
  const namespaceId = `${docker.namespaceId}-${what}`;
  const volume = `holdfast-test-${prefix}-data`;
  await docker.runtime.createVolume(volume, labels);
  const { id } = await docker.runtime.create({ name: `holdfast-test-${prefix}-redis`, imageId, command: [], labels, network: 'none', mounts: [{ type: 'volume', source: volume, target: '/data' }] });
  await docker.runtime.start(id);
  await raiseFences(docker.runtime, { owner: { namespaceId, workflowId: 'w', runId: 'r' }, service: 'shop', component: 'redis', step: 'fence' }, [{ volume, imageId }]);
  const receiver = receiverIn(namespaceId);
  await docker.runtime.createVolume(receiverName(receiver), receiverLabels(receiver));
  const receiving = await docker.runtime.create({ name: receiverName(receiver), imageId, command: [], labels: receiverLabels(receiver), network: 'none', mounts: [{ type: 'volume', source: receiverName(receiver), target: '/wal' }] });
  await docker.runtime.start(receiving.id);
  const worker = spawn('sleep', ['600'], { stdio: 'ignore' });
  const record: DemoRecord = {
    dockerHost: testDockerHost(), prefix, label: 'dev.holdfast.test', process: gone, directory: mkdtempSync(join(tmpdir(), 'holdfast-demo-')),
    namespaceId, temporal: null, worker: identifyProcess(worker.pid ?? 0) ?? '', kept: false, ...facts,
  };
  writeRecord(record);
  return record;
}

async function isThere(record: DemoRecord): Promise<boolean[]> {
  const volume = `holdfast-test-${record.prefix}-data`;
  const receiver = receiverName(receiverIn(record.namespaceId ?? ''));
  const containers = [await docker.runtime.find(`holdfast-test-${record.prefix}-redis`), await docker.runtime.find(fenceName(volume)), await docker.runtime.find(receiver)];
  const volumes = await docker.runtime.listVolumes({ 'dev.holdfast.test': record.prefix });
  return [...containers.map((each) => each !== null), volumes.length > 0, await docker.runtime.findVolume(receiver) !== null, existsSync(record.directory), livingPid(record.worker ?? '') !== undefined, readRecords().some(({ prefix }) => prefix === record.prefix)];
}

const all = (value: boolean): boolean[] => Array<boolean>(8).fill(value);

test('the next demo removes what a killed one left, and leaves those alone that run or were kept', async () => {
  const killed = await layOut('killed', {});
  const running = await layOut('running', { process: identifyProcess(process.pid) ?? '' });
  const kept = await layOut('kept', { kept: true });
  const elsewhere = await layOut('elsewhere', { dockerHost: `unix://${state}/no.sock` });
  const others = [running, kept, elsewhere];
  try {
    for (const each of [killed, ...others]) expect(await isThere(each)).toEqual(all(true));
    expect(isRunning(killed)).toBe(false);
    await removeEndedDemos();
    expect(await isThere(killed)).toEqual(all(false));
    for (const each of others) expect(await isThere(each)).toEqual(all(true));
  } finally {
    for (const each of [killed, ...others]) writeRecord({ ...each, process: gone, kept: false, dockerHost: testDockerHost() });
    await removeEndedDemos();
  }
  for (const each of others) expect(await isThere(each)).toEqual(all(false));
  await removeEndedDemos();
});

test('--clean removes what was kept, and leaves a demo alone that runs', async () => {
  const running = await layOut('runs', { process: identifyProcess(process.pid) ?? '' });
  const kept = await layOut('stays', { kept: true });
  try {
    await cleanDemos();
    expect(await isThere(kept)).toEqual(all(false));
    expect(await isThere(running)).toEqual(all(true));
  } finally {
    writeRecord({ ...running, process: gone });
    await removeEndedDemos();
  }
  expect(await isThere(running)).toEqual(all(false));
});
