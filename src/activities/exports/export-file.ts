/** One new file in a directory of this host: whole or not there, never in another's place. */
import { createHash } from 'node:crypto';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { HoldfastFailure } from '../../domain/failures.ts';

const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** Beside it until the run is over, by the run: what says that a file which is there already is the run's own. */
export const partOf = (directory: string, file: string, runId: string): string => join(directory, `.${file}.${runId}.part`);

/** Is it there, and this run's? @throws AlreadyExists where it is another's, InvalidInput where there is no such directory */
export async function isOwn(directory: string, file: string, runId: string): Promise<boolean> {
  if (!isAbsolute(directory) || (await stat(directory).catch(() => null))?.isDirectory() !== true) throw failed('InvalidInput', directory, 'the worker\'s host has no such directory', 'Give the absolute path of one that is there: the worker writes, on its own host.');
  const [found, part] = await Promise.all([join(directory, file), partOf(directory, file, runId)].map((path) => stat(path, { bigint: true }).catch(() => null)));
  if (found == null) return false;
  if (part?.ino === found.ino && part.dev === found.dev) return true;
  throw failed('AlreadyExists', join(directory, file), 'there is a file of that name', 'It is never written over: move it away, or name another directory.');
}

/** @throws AlreadyExists where another was quicker, DiskFull, and what the source throws */
export async function writeNew(directory: string, file: string, runId: string, source: Readable): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const part = partOf(directory, file, runId);
  await rm(part, { force: true });
  const written = await intoPart(part, source).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw failed('DiskFull', part, 'the file system ran full', 'Make room, then export again.');
  });
  await publish(part, join(directory, file));
  const parent = await open(directory);
  await parent.sync().finally(() => parent.close());
  return written;
}

async function intoPart(part: string, source: Readable): Promise<{ sizeBytes: number; sha256: string }> {
  const handle = await open(part, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      await handle.writeFile(chunk);
    }
    await handle.sync();
    return { sizeBytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

/** A rename would take another's place in silence; only where there are no links, and nothing of that name, it has to do. */
async function publish(part: string, final: string): Promise<void> {
  const taken = (): HoldfastFailure => failed('AlreadyExists', final, 'there is a file of that name', 'It is never written over: move it away, or name another directory.');
  try {
    await link(part, final);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw taken();
    if (!noLinks.has(code)) throw error;
    if ((await stat(final).catch(() => null)) !== null) throw taken();
    await rename(part, final);
  }
}

const failed = (type: 'AlreadyExists' | 'InvalidInput' | 'DiskFull', object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure(type, { operation: 'export the backup', object, cause, hint });
