/** Manifests: a backup exists when its manifest does. Created exclusively and last; believed only when every check passes. */
import { type BackupManifest, canaryFormat, type ReadManifest } from '../domain/backup-manifest.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { backupDirectory, isBackupId, parseRunBackupId } from '../domain/identifiers.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createCanonicalOrMatch, notWhatItClaims, readCanonical, refuseNewerFormat, sha256Of } from './documents.ts';
import { requireHead } from './head.ts';
import { manifestSchema } from './manifest-schema.ts';


export const backupsDirectory = (service: string): string => `${service}/backups`;
export const manifestPath = (service: string, backupId: string): string => `${backupDirectory(service, backupId)}/manifest.json`;

/** SHA-256 over the canonical JSON of the manifest without the member that holds it. */
export const manifestSha256 = (manifest: BackupManifest): string => sha256Of(manifest);

/** @param id that of its run where it is the run's own. @throws AlreadyExists (another manifest has the id), ObjectNotFound or ArtifactDamaged (an artifact it names is not there in its size) */
export async function commitManifest(storage: BackupStorage, manifest: BackupManifest, id: string = manifest.backupId): Promise<{ sha256: string }> {
  await requireArtifacts(storage, manifest, id);
  const path = manifestPath(manifest.service, id);
  // What could not be read again must not be written.
  parsed(path, manifest);
  const sha256 = manifestSha256(manifest);
  if (await createCanonicalOrMatch(storage, path, { ...manifest, manifestSha256: sha256 })) {
    await requireStillThere(storage, manifest, id);
    return { sha256 };
  }
  throw new HoldfastFailure('AlreadyExists', { operation: 'commit the backup', object: path, cause: 'another backup has that id', hint: 'Take the backup again; it gets an id of its own.' });
}

async function requireArtifacts(storage: BackupStorage, manifest: BackupManifest, id: string): Promise<void> {
  for (const artifact of manifest.components.flatMap((component) => component.artifacts)) {
    const path = `${backupDirectory(manifest.service, id)}/${artifact.path}`;
    const found = await storage.stat(path);
    if (found?.sizeBytes !== artifact.stored.sizeBytes) {
      throw new HoldfastFailure(found === null ? 'ObjectNotFound' : 'ArtifactDamaged', { operation: 'commit the backup', object: path, cause: found === null ? 'the artifact is not in the repository' : `it has ${found.sizeBytes} bytes instead of ${artifact.stored.sizeBytes}`, hint: 'Take the backup again.' });
    }
  }
}

/** An attempt that was held up, and given up with its run: what it had looked at may have been removed before its manifest was there, and that alone must not pass for a backup. */
async function requireStillThere(storage: BackupStorage, manifest: BackupManifest, id: string): Promise<void> {
  try {
    await requireArtifacts(storage, manifest, id);
  } catch (error) {
    if (isFailure(error, 'ObjectNotFound')) await storage.remove(manifestPath(manifest.service, id));
    throw error;
  }
}

/** Ids with a manifest, oldest first. */
export async function listBackups(storage: BackupStorage, service: string): Promise<readonly string[]> {
  const ids = (await storage.listNames(backupsDirectory(service))).filter(isBackupId);
  const committed: string[] = [];
  for (const id of ids.sort()) if ((await storage.stat(manifestPath(service, id))) !== null) committed.push(id);
  return committed;
}

/** @throws UnknownBackup, ManifestDamaged, UnsupportedFormat; RepositoryUnreachable where nothing of the repository is there */
export async function readManifest(storage: BackupStorage, repositoryId: string, service: string, backupId: string): Promise<ReadManifest> {
  const path = manifestPath(service, backupId);
  const document = await readCanonical(storage, path, 'ManifestDamaged');
  if (document === null) await requireHead(storage);
  if (document === null) throw new HoldfastFailure('UnknownBackup', { operation: 'read the backup', object: `${service}/${backupId}`, cause: 'it has no manifest', hint: 'See `holdfast list`; a backup without a manifest was never completed, or is in the trash (holdfast list --trash).' });
  return believedManifest(path, document, repositoryId, service, backupId);
}

/** The manifest that a document is. @param path of the document, for what is said of it @throws ManifestDamaged, UnsupportedFormat */
export function believedManifest(path: string, document: Readonly<Record<string, unknown>>, repositoryId: string, service: string, backupId: string): ReadManifest {
  const { manifestSha256: claimed, ...rest } = document;
  refuseNewerFormat(path, rest['format'], canaryFormat);
  const sha256 = sha256Of(rest);
  if (claimed !== sha256) throw notWhatItClaims('ManifestDamaged', path, 'it differs from its own SHA-256');
  const manifest = parsed(path, rest);
  if (manifest.service !== service || manifest.backupId !== (parseRunBackupId(backupId)?.backupId ?? backupId)) throw notWhatItClaims('ManifestDamaged', path, `it is the manifest of ${manifest.service}/${manifest.backupId}`);
  if (manifest.repositoryId !== repositoryId) throw notWhatItClaims('ManifestDamaged', path, 'it belongs to another repository');
  return { manifest: { ...manifest, backupId }, sha256 };
}

function parsed(path: string, value: unknown): BackupManifest {
  const result = manifestSchema.safeParse(value);
  // A validator may drop what it does not look at (`__proto__`); what is believed has to be all that stands there.
  if (result.success && canonicalJson(result.data) !== canonicalJson(value)) throw notWhatItClaims('ManifestDamaged', path, 'it has members that are not known');
  if (result.success) return result.data satisfies BackupManifest;
  const issue = result.error.issues[0];
  throw notWhatItClaims('ManifestDamaged', path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`);
}
