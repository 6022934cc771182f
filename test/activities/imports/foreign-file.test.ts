/** A file of somebody else's that is read: all of it, and as it was, or not at all. */
import { appendFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { digestOfForeign, readForeign } from '../../../src/activities/imports/foreign-file.ts';

const file = 'postgres-20260118-133121.sql.gz';
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast foreign-'));
});
beforeEach(() => writeFile(join(directory, file), Buffer.alloc(600_000, 'a')));
afterAll(() => rm(directory, { recursive: true, force: true }));

const failed = { type: 'ArtifactDamaged', fields: { object: file, cause: expect.stringContaining('written to while it was read') as string } };

test('what nobody writes to is read to its end', async () => {
  expect((await readForeign(directory, file, buffer)).length).toBe(600_000);
});

test('one that grows while it is read is taken by nobody', async () => {
  const growing = async (bytes: Readable): Promise<number> => {
    let sizeBytes = 0;
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      // As a backup does that is still being made.
      if (sizeBytes === 0) await appendFile(join(directory, file), 'more');
      sizeBytes += chunk.length;
    }
    return sizeBytes;
  };
  await expect(readForeign(directory, file, growing)).rejects.toMatchObject(failed);
});

test('one that is written over in its length while it is read is taken by nobody', async () => {
  await utimes(join(directory, file), 1, 1);
  await expect(readForeign(directory, file, async (bytes) => {
    await buffer(bytes);
    await writeFile(join(directory, file), Buffer.alloc(600_000, 'b'));
  })).rejects.toMatchObject(failed);
});

test('nor is its hash believed', async () => {
  let isGrown = false;
  const grow = (): void => {
    // Nobody waits for this one: a write that goes on beside the reading may come after its end.
    if (!isGrown) appendFileSync(join(directory, file), 'more');
    isGrown = true;
  };
  await expect(digestOfForeign(directory, file, new AbortController().signal, grow)).rejects.toMatchObject(failed);
});
