/** Stored artifacts, read to their end: where a byte differs from the manifest, that is ArtifactDamaged. */
import type { Artifact } from '../../../domain/backup-manifest.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';

/** A small artifact as text, every byte of it found right. @throws as {@link readThrough} */
export async function readText(ctx: EngineContext, source: ArtifactSource, artifact: Artifact): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await source.open(artifact)) {
    ctx.signal.throwIfAborted();
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Returns when every byte was read and found right. @throws ArtifactDamaged, ObjectNotFound, RepositoryUnreachable; the signal's reason */
export const readThrough = (ctx: EngineContext, source: ArtifactSource, artifact: Artifact): Promise<void> =>
  source.check(artifact, ctx.signal, (doneBytes) => ctx.progress({ phase: `check ${artifact.kind}`, doneBytes, totalBytes: artifact.stored.sizeBytes }));
