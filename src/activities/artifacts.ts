/** Artifacts between an engine and a repository: where a backup writes, and where a restore reads. */
import { createHash } from 'node:crypto';
import { Transform, type Readable } from 'node:stream';
import type { Artifact, BackupManifest } from '../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { backupDirectory } from '../domain/identifiers.ts';
import type { ArtifactDestination, ArtifactSource } from '../engines/engine-context.ts';
import type { BackupAttempt, Repository } from '../repository/repository.ts';
import { readChain } from './base-backups.ts';

/** The attempt directory of one component of a backup that is being taken. */
export async function destinationIn(repository: Repository, place: BackupAttempt, signal: AbortSignal): Promise<ArtifactDestination> {
  const directory = repository.attemptPath(place);
  return {
    hostDirectory: await repository.storage.attemptDirectory(directory),
    put: (file, source) => repository.storage.putStream(`${directory}/${file}`, source, signal),
    adopt: (file) => repository.storage.adopt(`${directory}/${file}`, signal),
    pathOf: (file) => `${place.component}/${place.attempt}/${file}`,
  };
}

/** The artifacts of a committed backup. Every stream checks size and SHA-256 against the manifest at its end. */
export function sourceOf(repository: Repository, manifest: Pick<BackupManifest, 'service' | 'backupId'>): ArtifactSource {
  const pathOf = (artifact: Artifact): string => `${backupDirectory(manifest.service, manifest.backupId)}/${artifact.path}`;
  const { backupId } = manifest;
  /** An artifact that is gone speaks against the backup while its manifest stands beside where it was: a share that was unmounted meanwhile has neither. */
  const unlessAway = async <T>(read: Promise<T>): Promise<T> => {
    try {
      return await read;
    } catch (error) {
      if (isFailure(error, 'ObjectNotFound')) await requireManifest(repository, manifest, error);
      throw error;
    }
  };
  return {
    backupId,
    hostPath: (artifact) => unlessAway(repository.storage.hostPath(pathOf(artifact))),
    check: async (artifact, signal, onBytes) => requireStored(backupId, artifact, await unlessAway(repository.storage.digest(pathOf(artifact), signal, onBytes))),
    open: async (artifact) => checked(await unlessAway(repository.storage.openRead(pathOf(artifact))), backupId, artifact),
    chain: async (backup) => (await readChain(repository, manifest.service, backup)).map((link) => ({ backupId: link.manifest.backupId, backup: link.backup, source: sourceOf(repository, link.manifest) })),
    timelines: async (backup) => {
      const key = { service: manifest.service, component: backup.component, systemIdentifier: backup.server.systemIdentifier, segmentSizeBytes: backup.cluster.segmentSizeBytes };
      const directory = await repository.wal.hostDirectory(key);
      return directory === null ? { files: [], archive: null } : { files: repository.wal.logFiles(key, [], await repository.wal.histories(key)), archive: { type: 'bind', source: directory } };
    },
  };
}

/** @throws RepositoryUnreachable: another attempt finds the share again, or that there is no such backup any more */
async function requireManifest(repository: Repository, { service, backupId }: Pick<BackupManifest, 'service' | 'backupId'>, missing: HoldfastFailure): Promise<void> {
  try {
    await repository.readManifest(service, backupId);
  } catch (error) {
    if (isFailure(error, 'RepositoryUnreachable')) throw error;
    if (!isFailure(error, 'UnknownBackup')) return;
    throw new HoldfastFailure('RepositoryUnreachable', { ...missing.fields, cause: `${missing.fields.cause}, and the manifest of the backup is gone, too`, hint: 'Look whether the disk or share of the repository is mounted; the step is tried again.' }, { cause: missing });
  }
}

function checked(stream: Readable, backupId: string, artifact: Artifact): Readable {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      callback(null, chunk);
    },
    flush(callback) {
      try {
        requireStored(backupId, artifact, { sizeBytes, sha256: hash.digest('hex') });
        callback();
      } catch (error) {
        callback(error as HoldfastFailure);
      }
    },
  });
  stream.once('error', (error) => check.destroy(error));
  check.once('close', () => stream.destroy());
  return stream.pipe(check);
}

/** @throws ArtifactDamaged where what was read is not what the manifest says */
function requireStored(backupId: string, { path, stored }: Artifact, { sizeBytes, sha256 }: { readonly sizeBytes: number; readonly sha256: string }): void {
  if (sizeBytes === stored.sizeBytes && sha256 === stored.sha256) return;
  throw new HoldfastFailure('ArtifactDamaged', {
    operation: 'read the backup', object: `${backupId}/${path}`, cause: `it has ${sizeBytes} bytes and SHA-256 ${sha256.slice(0, 12)}…, the manifest says ${stored.sizeBytes} and ${stored.sha256.slice(0, 12)}…`,
    hint: 'Use another backup (holdfast list), and find out what happened to the repository\'s disk.',
  });
}
