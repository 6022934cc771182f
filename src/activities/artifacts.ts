/** Artifacts between an engine and a repository: where a backup writes, and where a restore reads. */
import { createHash } from 'node:crypto';
import { Transform, type Readable } from 'node:stream';
import type { Artifact, BackupManifest } from '../domain/backup-manifest.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { ArtifactDestination, ArtifactSource } from '../engines/engine.ts';
import type { Repository } from '../repository/repository.ts';

/** The attempt directory of one component of a backup that is being taken. */
export async function destinationIn(repository: Repository, place: { service: string; backupId: string; component: string; attempt: string }, signal: AbortSignal): Promise<ArtifactDestination> {
  const directory = repository.attemptPath(place.service, place.backupId, place.component, place.attempt);
  return {
    hostDirectory: await repository.storage.attemptDirectory(directory),
    put: (file, source) => repository.storage.putStream(`${directory}/${file}`, source, signal),
    adopt: (file) => repository.storage.adopt(`${directory}/${file}`, signal),
    pathOf: (file) => `${place.component}/${place.attempt}/${file}`,
  };
}

/** The artifacts of a committed backup. Every stream checks size and SHA-256 against the manifest at its end. */
export function sourceOf(repository: Repository, manifest: BackupManifest): ArtifactSource {
  const pathOf = (artifact: Artifact): string => `${manifest.service}/backups/${manifest.backupId}/${artifact.path}`;
  return {
    hostPath: (artifact) => repository.storage.hostPath(pathOf(artifact)),
    open: async (artifact) => checked(await repository.storage.openRead(pathOf(artifact)), artifact),
  };
}

/** Reads an artifact to its end; the promise is the proof that its stored bytes are those of the manifest. @throws ArtifactDamaged */
export async function readThrough(source: ArtifactSource, artifact: Artifact, signal: AbortSignal, onBytes: (doneBytes: number) => void): Promise<void> {
  let done = 0;
  for await (const chunk of await source.open(artifact)) {
    signal.throwIfAborted();
    done += (chunk as Uint8Array).byteLength;
    onBytes(done);
  }
}

function checked(stream: Readable, artifact: Artifact): Readable {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      callback(null, chunk);
    },
    flush(callback) {
      const sha256 = hash.digest('hex');
      const equal = sizeBytes === artifact.stored.sizeBytes && sha256 === artifact.stored.sha256;
      callback(equal ? null : damaged(artifact, `it has ${sizeBytes} bytes and SHA-256 ${sha256.slice(0, 12)}…, the manifest says ${artifact.stored.sizeBytes} and ${artifact.stored.sha256.slice(0, 12)}…`));
    },
  });
  stream.once('error', (error) => check.destroy(error));
  check.once('close', () => stream.destroy());
  return stream.pipe(check);
}

function damaged(artifact: Artifact, cause: string): HoldfastFailure {
  return new HoldfastFailure('ArtifactDamaged', { operation: 'read the backup', object: artifact.path, cause, hint: 'Use another backup (holdfast list), and find out what happened to the repository\'s disk.' });
}
