/** The runs that the bench of dumps measures, by a worker of its own. */
import type { DemoService } from '../../../devbox/demo/demo-shape.ts';
import type { Config } from '../../../src/config/config.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { partsOf, startBenchWorker, type WorkerMemory } from '../bench-worker.ts';
import { timed } from '../measure.ts';
import { partsText } from './parts.ts';
import { watchTools } from './watch-tools.ts';

export interface DumpWorker {
  backUp(hashes: boolean): Promise<{ sizeBytes: number }>;
  restore(): Promise<void>;
  accept(): Promise<void>;
  /** History events of one more backup, as it is by default and with its proof. */
  provenBackupHistory(): Promise<number>;
  /** One more backup with hashes, with the time of each of its parts. */
  backUpParts(): Promise<string>;
  /** Activities of the last restore: seconds since the start, name, seconds. */
  restoreParts(): string;
  memory(): WorkerMemory;
  stop(): Promise<void>;
}

const services = { hashed: 'bench-dumps-hashed', counted: 'bench-dumps-counted' } as const;

export async function startDumpWorker(service: DemoService, address: string, directory: string): Promise<DumpWorker> {
  const worker = await startBenchWorker({ config: configOf(service, directory), address, dockerHost: service.dockerHost, directory });
  let latest = '';
  let restoreParts = '';
  const backUp = async (hashes: boolean): Promise<{ sizeBytes: number }> => {
    const { result } = await worker.run<TakeBackupResult>('takeBackup', { service: hashes ? services.hashed : services.counted, prove: false });
    if (hashes) latest = result.backupId;
    return { sizeBytes: result.sizeBytes };
  };
  return {
    backUp,
    provenBackupHistory: async () => {
      const { handle } = await worker.run<TakeBackupResult>('takeBackup', { service: services.hashed, prove: true });
      return (await handle.describe()).historyLength;
    },
    backUpParts: async () => {
      worker.calls.splice(0);
      const tools = watchTools();
      const seconds = await timed(() => backUp(true));
      return partsText(worker.calls, tools.stop(), seconds);
    },
    restore: async () => {
      const { handle } = await worker.run('restoreBackup', { service: services.hashed, backup: latest });
      restoreParts = await partsOf(handle);
    },
    accept: async () => void (await worker.run('acceptRestore', { service: services.hashed, run: 'latest' })),
    restoreParts: () => restoreParts,
    memory: () => worker.memory(),
    stop: () => worker.stop(),
  };
}

function configOf(service: DemoService, directory: string): Config {
  const definition = (name: string, contentHashes: boolean): ServiceDefinition => ({
    name, host: 'bench', version: null, contentHashes, proveAfterBackup: false, skewLimitMs: 60_000, repositories: ['local'], application: null, health: null,
    approval: { required: [], fourEyes: false, approvers: [], expiresAfterMs: 600_000 },
    components: [
      { engine: 'postgres', name: 'postgres', container: service.postgres.container, database: service.postgres.database, user: service.postgres.user },
      { engine: 'redis', name: 'redis', container: service.redis.container },
    ],
  });
  return { services: [definition(services.hashed, true), definition(services.counted, false)], repositories: [{ name: 'local', path: directory }], host: 'bench', queuePrefix: 'bench', path: null, notices: [] };
}
