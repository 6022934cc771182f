/** Files of others, on this worker's host: read as they are found, never followed elsewhere, never changed. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { HoldfastFailure } from '../../domain/failures.ts';
import { parseFileName } from '../../domain/imports/file-name.ts';

const call = { operation: 'import a file', hint: 'It was not changed; the other files are taken all the same.' };

/** Names of all entries. @throws InvalidInput where there is no such directory, or it may not be read */
export async function namesIn(directory: string): Promise<readonly string[]> {
  if (!isAbsolute(directory)) throw new HoldfastFailure('InvalidInput', { operation: 'read the directory', object: directory, cause: 'it is no absolute path', hint: 'Give the path as the worker\'s host has it, from the root on.' });
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    throw new HoldfastFailure('InvalidInput', { operation: 'read the directory', object: directory, cause: error instanceof Error ? error.message : String(error), hint: 'It is read by the worker, on its own host: a worker in a container sees only what is mounted into it.' }, { cause: error });
  }
}

/**
 * Passes the bytes of a regular file to `use`, and answers what that does once they are known to have been all of it. @throws InvalidInput for a link or what is no file,
 * ArtifactDamaged for one that is empty or is still being written to
 */
export async function readForeign<T>(directory: string, file: string, use: (bytes: Readable) => Promise<T>): Promise<T> {
  // A name from outside becomes a path only where it is one of ours.
  if (parseFileName(file) === null) throw failed('InvalidInput', file, 'its name is not <component>-YYYYMMDD-HHMMSS.sql.gz or .rdb');
  const handle = await opened(directory, file);
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw failed('InvalidInput', file, 'it is no regular file');
    if (before.size === 0n) throw failed('ArtifactDamaged', file, 'it is empty');
    const answer = await use(Readable.from(chunksOf(handle), { objectMode: false }));
    const after = await handle.stat({ bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw failed('ArtifactDamaged', file, 'it was written to while it was read: whatever makes it is not done');
    return answer;
  } finally {
    await handle.close();
  }
}

/** SHA-256 and size of a file as it is. @throws as {@link readForeign} */
export const digestOfForeign = (directory: string, file: string, signal: AbortSignal, onBytes: (doneBytes: number) => void): Promise<{ readonly sizeBytes: number; readonly sha256: string }> =>
  readForeign(directory, file, async (bytes) => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      onBytes(sizeBytes);
    }
    return { sizeBytes, sha256: hash.digest('hex') };
  });

const chunkBytes = 256 * 1024;

/** A stream of the handle's own would close it at its end, and what it is then could not be asked any more. */
async function* chunksOf(handle: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function opened(directory: string, file: string): Promise<FileHandle> {
  try {
    // Of a pipe nobody writes to, opening would wait for ever.
    return await open(join(directory, file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw failed('InvalidInput', file, code === 'ELOOP' ? 'it is a symbolic link, and links are not followed' : code === 'ENOENT' ? 'it is not there' : error instanceof Error ? error.message : String(error), error);
  }
}

const failed = (type: 'InvalidInput' | 'ArtifactDamaged', object: string, cause: string, error?: unknown): HoldfastFailure => new HoldfastFailure(type, { ...call, object, cause }, { cause: error });
