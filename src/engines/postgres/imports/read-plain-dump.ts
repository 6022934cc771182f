/** A gzip file that is to be a plain dump, read to its end before anything is made of it. */
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Artifact } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import type { ForeignFile } from '../../import-engine.ts';

const lastLine = 'PostgreSQL database dump complete';
const tailBytes = 4096;

/**
 * The artifact: the very file, kept as it was found. A file that gzip closed well may hold half a dump all the same (`pg_dump | gzip` ends well when pg_dump did not): its own last
 * line has to be there. @throws ArtifactDamaged
 */
export async function readPlainDump(ctx: EngineContext, file: ForeignFile, source: ArtifactSource): Promise<Artifact> {
  const stored: Artifact = { kind: 'plainSql', path: file.path, plaintext: file.stored, stored: file.stored, encodings: [] };
  let sizeBytes = 0;
  let tail: Buffer = Buffer.alloc(0);
  const reading = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      sizeBytes += chunk.byteLength;
      tail = chunk.byteLength >= tailBytes ? chunk.subarray(-tailBytes) : Buffer.concat([tail, chunk]).subarray(-tailBytes);
      ctx.progress({ phase: 'reading the file', doneBytes: sizeBytes });
      callback();
    },
  });
  try {
    await pipeline(await source.open(stored), createGunzip(), reading, { signal: ctx.signal });
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (isFailure(error)) throw error;
    throw damaged(file, `it is no whole gzip file: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!tail.toString('latin1').includes(lastLine)) throw damaged(file, `it does not end with pg_dump's own last line ("${lastLine}"): pg_dump did not finish, or it is no plain dump of one database`);
  return stored;
}

const damaged = ({ name }: ForeignFile, cause: string): HoldfastFailure =>
  new HoldfastFailure('ArtifactDamaged', { operation: 'import a dump', object: name, cause, hint: 'Nothing of this file was taken, and it was not changed.' });
