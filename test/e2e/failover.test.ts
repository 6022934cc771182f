/** A service brought up on another host: a second Docker engine with a worker that stands by, from a copy of the repository that is off site. Its own host does nothing for it. */
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { noDrillSettings } from '../../src/domain/drill/drill-settings.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import { readReport } from '../../src/report/read-report.ts';
import { runWorker } from '../../src/worker/main.ts';
import type { ReapLeftoversResult } from '../../src/workflows/reap-leftovers/messages.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { withSecondEngine } from '../chaos/servers.ts';
import { waitFor } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
let base: string;
let place: string;
/** What the service's own host was asked for by drills. */
const asked: string[] = [];
const failover = { host: 'standby', repository: 'offsite' } as const;

beforeAll(async () => {
  service = await startWalService();
  const { wrap, hooks } = instrument(service.config, { before: async (call) => { if (call.runbook === 'runDrill') asked.push(callText(call)); } });
  const stop = await service.startKeeping(wrap, hooks);
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY)');
  base = (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
  await service.sql('INSERT INTO orders SELECT generate_series(1, 7)');
  await service.kept();
  // Copied while nobody stores anything there: what is being written is gone under its first name before it is read.
  await stop();
  place = await mkdtemp(join(tmpdir(), 'holdfast offsite-'));
  await cp(service.repositoryPath, join(place, 'repository'), { recursive: true });
  await service.startKeeping(wrap, hooks);
});
afterAll(async () => {
  await service?.stop();
  await rm(place, { recursive: true, force: true });
});

const drill = () => service.start<RunDrillResult>('runDrill', { service: service.name, depth: 'failover' });
const failureOf = async (run: Awaited<ReturnType<typeof drill>>): Promise<string> => run.result().then(() => 'none', (error: unknown) => String(((error as WorkflowFailedError).cause as { type?: string }).type));

/** A worker of that engine's, with the one repository that is off site. */
async function standBy<T>(engine: string, probe: Probe, work: () => Promise<T>): Promise<T> {
  const { failover: _, ...own } = service.config.services[0] as ServiceDefinition;
  const assertion = { kind: 'sql', name: 'orders', component: 'postgres', sql: 'SELECT count(*) FROM orders', expect: { kind: 'equals', value: '7' } } as const;
  const config: Config = { ...service.config, host: failover.host, services: [{ ...own, host: failover.host, repositories: [failover.repository], drill: { ...noDrillSettings, assertions: [assertion] } }], repositories: [{ name: failover.repository, path: join(place, 'repository') }] };
  const { wrap, hooks } = instrument(config, probe);
  const [abort, ready] = [new AbortController(), Promise.withResolvers<void>()];
  const running = runWorker({ config, temporal: { address: temporalAddress() }, environment: { ...process.env, HOLDFAST_TIMING: 'test', HOLDFAST_STATE_DIR: join(place, 'state'), DOCKER_HOST: engine }, signal: abort.signal, onReady: () => ready.resolve(), standby: true, wrap, hooks });
  running.catch((error: unknown) => ready.reject(error));
  await ready.promise;
  try {
    return await work();
  } finally {
    abort.abort();
    await running;
  }
}

const labels = () => ({ 'dev.holdfast.service': service.name });

test('without another host there is no failover, and without a worker there nothing is done', async () => {
  expect(await failureOf(await drill())).toBe('InvalidInput');
  service.define({ failover });
  expect(await failureOf(await drill())).toBe('HostUnavailable');
});

test('it comes up there to the newest point that is off site; what a terminated drill left there is reaped', () => withSecondEngine(async (engine) => {
  service.define({ failover });
  const other = createDockerRuntime(engine);
  const there = async (): Promise<readonly string[]> => [...await other.list(labels()), ...await other.listVolumes(labels()), ...await other.listNetworks(labels())].map(({ name }) => name);
  let started: readonly string[] = [];
  let held: { readonly reached: PromiseWithResolvers<void>; readonly released: PromiseWithResolvers<void> } | null = null;
  asked.length = 0;
  await standBy(engine, { after: async (call) => {
    if (callText(call) !== 'runDrill/startDrill:postgres#1') return;
    started = (await other.list(labels())).map(({ name }) => name);
    held?.reached.resolve();
    await held?.released.promise;
  } }, async () => {
    const result = await (await drill()).result();
    expect(result).toMatchObject({ verdict: 'proven', depth: 'failover', backupId: base, repository: failover.repository });
    expect(started).not.toEqual([]);
    // The configuration is what the service's own host is asked for: by whoever takes the run there.
    expect([...new Set(asked)]).toEqual(['runDrill/resolveService#1']);
    const drills = join(place, 'repository', service.name, 'drills');
    const { report } = readReport(await readFile(join(drills, result.drillId, 'report.json'), 'utf8')).signed ?? {};
    expect(report).toMatchObject({ kind: 'failover', format: 2, host: failover.host, repository: { name: failover.repository }, cleanUp: { outcome: 'clean' } });
    expect(report?.components.find(({ component }) => component === 'postgres')?.depth).toBe('baseAndLog');
    expect(await readdir(join(service.repositoryPath, service.name)).then((names) => names.includes('drills'))).toBe(false);
    expect([await there(), await service.leftByRuns()]).toEqual([[], []]);

    held = { reached: Promise.withResolvers(), released: Promise.withResolvers() };
    const run = await drill();
    await held.reached.promise;
    await run.terminate('the test');
    held.released.resolve();
    expect((await there()).length).toBeGreaterThan(2);
    await waitFor(async () => {
      await service.run<ReapLeftoversResult>('reapLeftovers', { service: service.name });
      return (await there()).length === 0;
    });
    // No repository of the service's own host's: no repair comes by there.
    expect(await readdir(join(place, 'repository', service.name, 'runs')).catch(() => [])).toEqual([]);
  });
}), 600_000);
