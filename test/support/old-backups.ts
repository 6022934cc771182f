/** Backups of the days before, as far as a repository goes: what is in them restores nothing. For tests of what is done with many. */
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { committed } from '../repository/sample-manifest.ts';

const dayMs = 86_400_000;

/** One a day, proven, the last one so many days ago, yesterday unless given. Oldest first. */
export async function oldBackups(repository: Repository, service: string, days: number, last = 1): Promise<readonly BackupManifest[]> {
  const made: BackupManifest[] = [];
  // Read once: a slow machine would make them more than a day apart.
  const nowMs = Date.now();
  for (let ago = days; ago >= last; ago -= 1) {
    const at = nowMs - ago * dayMs;
    const manifest = await committed(repository, service, `old${ago}`, at);
    const { sha256 } = await repository.readManifest(service, manifest.backupId);
    await repository.recordProof({ format: 1, service, backupId: manifest.backupId, manifestSha256: sha256, verdict: 'proven', components: [], beganAt: new Date(at).toISOString(), finishedAt: new Date(at).toISOString(), run: manifest.run });
    made.push(manifest);
  }
  return made;
}
