/** A backup taken while both stores are written to, proven, restored, and compared with what the writers' own logs say its snapshot held. */
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { startHealthyWorker, withWorker } from '../chaos/stage/worker.ts';
import type { ServiceFixture } from '../support/service-fixture.ts';
import { expectedAt, foundNow, redisVerdict, redisWrites, startLoad, writesBetween } from './load.ts';

export interface EqualityRun {
  readonly backupId: string;
  readonly proof: string;
  /** Changed rows of the service's tables and committed transactions in PostgreSQL, and writes in Redis, per second, while the dump's helper was at work. */
  readonly rowsPerSecond: number;
  readonly transactionsPerSecond: number;
  readonly redisWritesPerSecond: number;
  readonly dumpMs: number;
  /** Lines of the independent account that the restored data answers otherwise; empty where it is equal. */
  readonly differences: readonly string[];
}

/** The writers run for as long as the backup takes and a moment before; what is live afterwards is the restored data, with no rollback copy. */
export async function equalityRun(service: ServiceFixture): Promise<EqualityRun> {
  const dump = { beganMs: 0, endedMs: 0, redisBefore: 0, redisAfter: 0 };
  const watched = instrument(service.config, {
    around: async (call, name, run) => {
      const isDump = call.activity === 'backUpComponent' && call.component === 'postgres' && name === 'runtime.wait#1';
      if (!isDump) return run();
      const counted = redisWrites(service);
      dump.beganMs = Date.now();
      const result = await run();
      dump.endedMs = Date.now();
      [dump.redisBefore, dump.redisAfter] = [await counted, await redisWrites(service)];
      return result;
    },
  });
  return withWorker(() => startHealthyWorker({ config: service.config, standby: false }, watched), async () => {
    const backup = await backUpUnderLoad(service);
    const { snapshot } = await postgresPart(service, backup.backupId);
    const [expected, writes] = [await expectedAt(service, snapshot.snapshot), await writesBetween(service, dump.beganMs, dump.endedMs)];
    await restoreAndAccept(service, backup.backupId);
    const seconds = (dump.endedMs - dump.beganMs) / 1000;
    const redis = await redisVerdict(service);
    return {
      backupId: backup.backupId,
      proof: backup.proof,
      rowsPerSecond: Math.floor(writes.rows / seconds),
      transactionsPerSecond: Math.floor(writes.transactions / seconds),
      redisWritesPerSecond: Math.floor((dump.redisAfter - dump.redisBefore) / seconds),
      dumpMs: dump.endedMs - dump.beganMs,
      differences: [...lineDifferences(expected, await foundNow(service)), ...(redis.startsWith('consistent ') ? [] : [`Redis: ${redis}`])],
    };
  });
}

/** Both writers are at their pace before the backup begins. */
const warmUpMs = 1_500;

async function backUpUnderLoad(service: ServiceFixture): Promise<TakeBackupResult> {
  const stopLoad = await startLoad(service);
  try {
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    return await service.run<TakeBackupResult>('takeBackup', { service: service.name, prove: true });
  } finally {
    await stopLoad();
  }
}

async function restoreAndAccept(service: ServiceFixture, backup: string): Promise<void> {
  for (const [type, input] of [['restoreBackup', { backup }], ['acceptRestore', { run: 'latest' }]] as const) {
    const handle = await service.start(type, { service: service.name, ...input });
    await service.approve(handle);
    await handle.result();
  }
}

async function postgresPart(service: ServiceFixture, backupId: string) {
  const manifest = JSON.parse(await readFile(join(service.repositoryPath, service.name, 'backups', backupId, 'manifest.json'), 'utf8')) as BackupManifest;
  const part = manifest.components.find((component) => component.engine === 'postgres');
  if (part === undefined) throw new Error('the backup holds no PostgreSQL');
  return part;
}

function lineDifferences(expected: string, found: string): string[] {
  const lines = found.split('\n').sort();
  return expected.split('\n').sort().flatMap((line, index) => (line === lines[index] ? [] : [`expected ${line}, restored ${lines[index]}`]));
}
