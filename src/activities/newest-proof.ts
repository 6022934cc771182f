/** When a backup of the same making was last proven: what a policy of once a day or week goes by. */
import type { BackupManifest } from '../domain/backup-manifest.ts';
import { isFailure } from '../domain/failures.ts';
import type { ProofRecord } from '../domain/proof.ts';
import type { Repository } from '../repository/repository.ts';

/** More than a week of hourly ones; a proof that lies further back is as good as none. */
const looksBack = 400;

/** The end of the newest proof of the newest backup that was proven, of those that hold the same components by the same method; null where there is none. */
export async function newestProofAt(repository: Repository, { service, backupId, ...own }: Pick<BackupManifest, 'service' | 'backupId' | 'components'>): Promise<string | null> {
  const earlier = (await repository.listBackups(service)).filter((id) => id !== backupId).reverse().slice(0, looksBack);
  for (const id of earlier) {
    const proof = (await unlessDamaged(repository.listProofs(service, id)) ?? []).findLast(({ verdict }) => verdict === 'proven');
    if (proof !== undefined && await isOfSameMaking(repository, proof, own)) return proof.finishedAt;
  }
  return null;
}

/** A dump that was proven says nothing of a copy of the whole server; one that was imported, nothing of what is backed up here. */
async function isOfSameMaking(repository: Repository, proof: ProofRecord, own: Pick<BackupManifest, 'components'>): Promise<boolean> {
  const read = await unlessDamaged(repository.readManifest(proof.service, proof.backupId));
  return read !== null && read.manifest.imported === undefined && read.sha256 === proof.manifestSha256 && making(read.manifest) === making(own);
}

const making = ({ components }: Pick<BackupManifest, 'components'>): string => components.map((each) => `${each.component}:${each.engine === 'postgres' ? each.method : 'rdb'}`).sort().join(' ');

async function unlessDamaged<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (isFailure(error) && !error.retryable) return null;
    throw error;
  }
}
