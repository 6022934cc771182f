/** A copy read back from where it was stored, each file against what it was when it was copied. By another reader than the one that wrote it, in constant memory. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { filesIn } from '../../../../containers/container-files.ts';
import { HoldfastFailure, isFailure } from '../../../../domain/failures.ts';
import type { SetAsideCopy } from '../../../../domain/set-aside.ts';
import type { EngineContext, SetAsidePlace } from '../../../engine-context.ts';

/** @throws ArtifactDamaged where a file differs, lacks or is one too many; RepositoryUnreachable */
export async function requireEqualCopy(ctx: Pick<EngineContext, 'signal' | 'progress'>, place: SetAsidePlace, { attempt, archive, members }: Pick<SetAsideCopy, 'attempt' | 'archive' | 'members'>): Promise<void> {
  const expected = membersIn(await text(await place.open(attempt, members.file)));
  const damaged = (cause: string): HoldfastFailure => new HoldfastFailure('ArtifactDamaged', { operation: 'read the copy back', object: `${place.location}/attempts/${attempt}/${archive.file}`, cause, hint: 'Nothing was dropped. Look at the disk of the repository, then start again.' });
  const stored = await place.open(attempt, archive.file);
  const plain = new PassThrough();
  // Its failure is raised where the entries are read.
  const fed = pipeline(stored, archive.file.endsWith('.zst') ? createZstdDecompress() : createGunzip(), plain, { signal: ctx.signal });
  fed.catch(() => undefined);
  let doneBytes = 0;
  try {
    for await (const { name, content } of filesIn(plain, archive.file)) {
      const path = name.replace(/^\.\//, '');
      const found = await sha256Of(content, (bytes) => ctx.progress({ phase: 'read the copy back', doneBytes: doneBytes += bytes }));
      if (found !== expected.get(path)) throw damaged(expected.has(path) ? `${path} is another than it was` : `${path} was not there when it was copied`);
      expected.delete(path);
    }
    await fed;
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (isFailure(error) && error.type !== 'BrokenStream') throw error;
    throw damaged(error instanceof Error ? error.message : String(error));
  } finally {
    plain.destroy();
    stored.destroy();
  }
  const [lacking] = expected.keys();
  if (lacking !== undefined) throw damaged(`${lacking} is not in it`);
}

async function sha256Of(content: Readable, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    onBytes(chunk.byteLength);
  }
  return hash.digest('hex');
}

/** `<sha256>  ./<path>` a line, as sha256sum writes it: a line that begins with a backslash has those of its name, and line ends, written as two characters. Pure. */
export function membersIn(list: string): Map<string, string> {
  const lines = list.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => {
    const [, escaped, sha256, path] = /^(\\?)([0-9a-f]{64}) [ *](?:\.\/)?(.+)$/.exec(line) ?? [];
    if (sha256 === undefined || path === undefined) throw new HoldfastFailure('ArtifactDamaged', { operation: 'read the copy back', object: 'members', cause: 'a line of it names no file', hint: 'Nothing was dropped. Start again.' });
    return [escaped === '\\' ? path.replaceAll(/\\([n\\])/g, (_, letter: string) => (letter === 'n' ? '\n' : '\\')) : path, sha256];
  }));
}
