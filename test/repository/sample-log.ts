/** A base backup and the log behind it, in a repository: segments of a MiB, numbered. */
import type { PostgresBase } from '../../src/domain/backup-manifest.ts';
import { formatLsn } from '../../src/domain/wal/lsn.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { WalKey } from '../../src/repository/wal-archive.ts';
import { base as sampleBase, run, sampleManifest, storeArtifacts } from './sample-manifest.ts';
import { MiB, never, segmentBytes, sourceOf } from './wal-sample.ts';


export interface SampleBase {
  /** Replay begins 40 bytes into this segment, and is consistent 100 bytes into `end`. */
  readonly begin: number;
  readonly end: number;
  readonly endAt: string;
  readonly systemIdentifier?: string;
  readonly timeline?: number;
}

/** Commits a base backup; the key is that of the log that belongs to it. */
export async function storeBase(repository: Repository, service: string, { begin, end, endAt, systemIdentifier = '7400000000000000001', timeline = 1 }: SampleBase): Promise<{ readonly backupId: string; readonly key: WalKey }> {
  await repository.open();
  const known = (await repository.listBackups(service)).length;
  const claimed = await repository.claimBackup(service, run(`base-${known}`), Date.parse(endAt));
  const position = (segment: number, offset: number): string => formatLsn(BigInt(segment) * BigInt(MiB) + BigInt(offset));
  const backup: PostgresBase = {
    ...sampleBase, range: { timeline, begin: position(begin, 40), end: position(end, 100), endAt },
    cluster: { ...sampleBase.cluster, segmentSizeBytes: MiB }, server: { ...sampleBase.server, systemIdentifier },
  };
  const sample = sampleManifest(service, claimed);
  const manifest = { ...sample, components: [backup, ...sample.components.slice(1)] };
  await storeArtifacts(repository, manifest);
  await repository.commitManifest(manifest);
  return { backupId: manifest.backupId, key: { service, component: backup.component, systemIdentifier, segmentSizeBytes: MiB } };
}

export async function storeSegments(repository: Repository, key: WalKey, numbers: readonly number[], timeline = 1): Promise<void> {
  for (const number of numbers) {
    const segment = { timeline, number: BigInt(number) };
    await repository.wal.storeSegment(key, segment, sourceOf(segmentBytes(segment, 0, key)), never);
  }
}
