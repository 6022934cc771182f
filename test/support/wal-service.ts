/** A service whose log is kept: the worker's keeper ships it, as `wal: stream` asks for, or `wal: archive`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresComponent, WalMode } from '../../src/domain/service.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { logWatchId } from '../../src/domain/workflow-ids.ts';
import type { LogStatus } from '../../src/domain/wal/log-status.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import { composeWalSources } from '../../src/worker/dependencies.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { readLogStatus } from '../../src/worker/standing-file.ts';
import { startServiceFixture, waitFor, type Faults, type FixtureOptions, type ServiceFixture } from './service-fixture.ts';

export interface KeptLog {
  readonly component: PostgresComponent;
  /** Starts a worker that keeps the log, without the watch that would take base backups by itself meanwhile. */
  startKeeping(wrap?: NonNullable<Faults['wrap']>, hooks?: NonNullable<Faults['hooks']>): Promise<() => Promise<void>>;
  status(): Promise<LogStatus | null>;
  /** Returns when everything that has been written until now lies in the repository. */
  kept(): Promise<void>;
  /** Ends what receives the log, with its slot and volume; or the server's archiving. */
  forget(): Promise<void>;
}

export interface WalService extends ServiceFixture, KeptLog {
  /** Of {@link leftovers} what runs have left: what receives the log stays, and what helps it comes and goes by itself. */
  leftByRuns(): Promise<readonly string[]>;
}

export async function startWalService(options: FixtureOptions & { readonly wal?: WalMode } = {}): Promise<WalService> {
  const service = await startServiceFixture({ ...options, archiveVolume: options.wal === 'archive' });
  const { close, ...log } = await keepLogOf(service, options.wal);
  return {
    ...service, ...log,
    leftByRuns: async () => (await service.leftovers()).filter((name) => !/^holdfast-(?:wal|archive)-/.test(name)),
    stop: async () => {
      await service.stop();
      await close();
    },
  };
}

/** From now on `service` is defined as one whose log is kept. */
export async function keepLogOf(service: ServiceFixture, mode: WalMode = 'stream'): Promise<KeptLog & { close(): Promise<void> }> {
  const state = await mkdtemp(join(tmpdir(), 'holdfast-state-'));
  const [postgres, redis] = service.config.services[0]?.components ?? [];
  if (postgres?.engine !== 'postgres' || redis === undefined) throw new Error('the fixture has no PostgreSQL');
  const component: PostgresComponent = { ...postgres, wal: mode };
  service.define({ components: [component, redis] });
  const status = (): Promise<LogStatus | null> => readLogStatus(state, service.name, 'postgres');
  return {
    component,
    startKeeping: async (wrap, hooks) => {
      const stop = await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state }, ...(wrap === undefined ? {} : { wrap }), ...(hooks === undefined ? {} : { hooks }) });
      await waitFor(async () => service.client.workflow.getHandle(logWatchId(service.name)).terminate('the test takes its own').then(() => true));
      await waitFor(async () => (await service.client.workflow.count(`TaskQueue = '${service.taskQueue}' AND WorkflowType = 'takeBackup' AND ExecutionStatus = 'Running'`)).count === 0);
      return stop;
    },
    status,
    kept: async () => {
      // Its archive_timeout would end the segment as well, half a minute later. By where that segment ends: what the server writes about itself just before would else end one more behind the position.
      const position = parseLsn(await service.sql(mode === 'archive' ? 'SELECT pg_switch_wal()' : 'SELECT pg_current_wal_flush_lsn()')) ?? 0n;
      let last: LogStatus | null = null;
      await waitFor(async () => {
        const found = await status();
        last = found;
        return found?.receiver === 'running' && (parseLsn(found.repositories[0]?.durable ?? '0/0') ?? 0n) >= position;
      }).catch((error: unknown) => {
        throw new Error(`the log up to ${position} was not kept: ${JSON.stringify(last)}`, { cause: error });
      });
    },
    forget: async () => {
      const { namespaceId } = await createRunDirectory(service.client);
      await composeWalSources()[mode].stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, component, { forget: true });
    },
    close: () => rm(state, { recursive: true, force: true }),
  };
}
