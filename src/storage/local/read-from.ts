/** A stream over an open file whose errors are failures of the repository, not bare codes of the file system. */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Each chunk is a new buffer that lives until the next collection; larger ones made the worker grow by 80 MB. */
const chunkBytes = 128 * 1024;

/** Reads from the file's beginning, one chunk at a time, and closes it at the end or when destroyed. */
export function readFrom(file: FileHandle, failure: (error: unknown) => Error): Readable {
  return new Readable({
    highWaterMark: chunkBytes,
    read() {
      file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes).then(
        ({ bytesRead, buffer }) => this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead)),
        (error: unknown) => this.destroy(failure(error)),
      );
    },
    destroy(error, callback) {
      file.close().then(() => callback(error), (closing: unknown) => callback(error ?? failure(closing)));
    },
  });
}
