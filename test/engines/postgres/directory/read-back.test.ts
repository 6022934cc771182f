/** Reading a copy back: whatever differs, lacks or is one too many is found, and so is an archive that was cut or damaged. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { membersIn, requireEqualCopy } from '../../../../src/engines/postgres/directory/replace/read-back.ts';
import type { SetAsidePlace } from '../../../../src/engines/engine-context.ts';
import { failing } from '../../../support/failing.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const files: Readonly<Record<string, string>> = { PG_VERSION: '17', 'base/1/1259': 'x'.repeat(100_000), 'a b': '', 'odd\nname': 'odd' };
const membersOf = (of: Readonly<Record<string, string>>): string => Object.entries(of).map(([path, text]) => (path.includes('\n') ? `\\${sha256(text)}  ./${path.replace('\n', '\\n')}\n` : `${sha256(text)}  ./${path}\n`)).join('');

async function tarOf(of: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: './', type: 'directory' });
  for (const [path, text] of Object.entries(of)) archive.entry({ name: `./${path}` }, text);
  archive.finalize();
  return buffer(archive);
}

function check(archive: Buffer, file: string, members: string): Promise<void> {
  const place = { location: '/srv', open: async (_attempt: string, name: string) => Readable.from([name === 'members' ? Buffer.from(members) : archive]) } as Partial<SetAsidePlace> as SetAsidePlace;
  const stored = { sizeBytes: 0, sha256: '' };
  return requireEqualCopy({ signal: new AbortController().signal, progress: () => undefined }, place, { attempt: 'a1', archive: { file, ...stored }, members: { file: 'members', ...stored, count: 0 } });
}

describe.each([['data.tar.zst', zstdCompressSync], ['data.tar.gz', gzipSync]] as const)('%s', (file, compress) => {
  test('is equal to what was copied', async () => {
    await check(compress(await tarOf(files)), file, membersOf(files));
  });

  test.each([
    ['a file that differs', { ...files, PG_VERSION: '16' }, /PG_VERSION is another/], ['one that lacks', Object.fromEntries(Object.entries(files).slice(1)), /PG_VERSION is not in it/],
    ['one too many', { ...files, more: '' }, /more was not there/],
  ] as const)('with %s is refused', async (_what, of, cause) => {
    expect((await failing('ArtifactDamaged', check(compress(await tarOf(of)), file, membersOf(files)))).fields.cause).toMatch(cause);
  });

  test('is refused wherever it was cut, and where a byte of it was changed', async () => {
    const whole = compress(await tarOf(files));
    for (const part of [0, 0.3, 0.6, 0.99]) await failing('ArtifactDamaged', check(whole.subarray(0, Math.floor(whole.length * part)), file, membersOf(files)));
    const changed = Buffer.from(whole);
    changed[Math.floor(changed.length / 2)] = (changed[Math.floor(changed.length / 2)] ?? 0) ^ 0x55;
    await failing('ArtifactDamaged', check(changed, file, membersOf(files)));
  });
});

test('a list that names no files is not taken for one of none', async () => {
  await failing('ArtifactDamaged', async () => membersIn('sha256sum: cannot read\n'));
});
