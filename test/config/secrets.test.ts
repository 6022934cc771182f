import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveSecret } from '../../src/config/secrets.ts';

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'holdfast-secrets-'))));
afterAll(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, content: string): Promise<{ file: string }> {
  await writeFile(join(directory, name), content);
  return { file: join(directory, name) };
}

describe('resolveSecret', () => {
  it('reads a variable as it is', async () => {
    expect(await resolveSecret({ env: 'A' }, { A: ' with spaces ' })).toBe(' with spaces ');
  });

  it.each([['plain', 's3cret', 's3cret'], ['one newline', 's3cret\n', 's3cret'], ['windows newline', 's3cret\r\n', 's3cret'], ['spaces kept', ' s3 cret \n', ' s3 cret ']])('reads a file: %s', async (name, content, secret) => {
    expect(await resolveSecret(await file(name, content), {})).toBe(secret);
  });

  it('does not take nothing, or several lines, for a secret', async () => {
    const references = [{ env: 'MISSING' }, { env: 'EMPTY' }, { file: join(directory, 'missing') }, { file: directory }, await file('empty', '\n'), await file('two', 'canary\nsecond\n')];
    for (const reference of references) {
      await expect(resolveSecret(reference, { EMPTY: '' })).rejects.toMatchObject({ type: 'SecretNotFound', message: expect.not.stringContaining('canary') });
    }
  });
});
