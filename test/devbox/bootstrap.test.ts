/** The way in, in a clone of its own whose only package is a `node` from next door: npm is the real one and needs no registry. */
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const source = join(import.meta.dirname, '..', '..', 'devbox');
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'holdfast-clone-'));
  for (const folder of ['devbox', 'packages/node/bin']) mkdirSync(join(clone, folder), { recursive: true });
  for (const name of ['bootstrap.mjs', 'demo-arguments.mjs']) copyFileSync(join(source, name), join(clone, 'devbox', name));
  const program = join(clone, 'packages', 'node', 'bin', 'node');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(clone, 'packages', 'node', 'package.json'), JSON.stringify({ name: 'node', version: '24.21.0', bin: { node: 'bin/node' } }));
  writeFileSync(join(clone, 'package.json'), JSON.stringify({ name: 'clone', version: '1.0.0', devDependencies: { node: 'file:packages/node' } }));
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

/** What a program that the bootstrap starts finds in its environment. */
async function environmentInside(outside: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const show = join(clone, 'show.mjs');
  writeFileSync(show, 'process.stdout.write(`\\n${JSON.stringify(process.env)}`);');
  mkdirSync(join(clone, 'node_modules', '.bin'), { recursive: true });
  copyFileSync(show, join(clone, 'node_modules', '.bin', 'show.mjs'));
  const { PATH, HOME } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [join(clone, 'devbox', 'bootstrap.mjs'), 'exec', 'show.mjs'], { env: { PATH, HOME, ...outside } });
  return JSON.parse(stdout.split('\n').at(-1) ?? '') as NodeJS.ProcessEnv;
}

test('a Temporal server of the user is out of reach, the program of that name is not', async () => {
  const inside = await environmentInside({ TEMPORAL_ADDRESS: 'prod:7233', TEMPORAL_NAMESPACE: 'foo', TEMPORAL_API_KEY: 'x', TEMPORAL_TLS: 'true', TEMPORAL_CONFIG_FILE: '/home/mia/temporal.toml', TEMPORAL_CLI: '/opt/temporal', OTHER: 'kept' });
  expect(Object.keys(inside).filter((name) => name.startsWith('TEMPORAL_')).sort()).toEqual(['TEMPORAL_CLI', 'TEMPORAL_CONFIG_FILE']);
  expect(inside).toMatchObject({ TEMPORAL_CLI: '/opt/temporal', OTHER: 'kept' });
  expect(inside['TEMPORAL_CONFIG_FILE']).toBe(join(clone, 'node_modules', '.no-temporal.toml'));
});

test('what is needed is installed though the environment says production', async () => {
  expect(await environmentInside({ NODE_ENV: 'production', npm_config_omit: '' })).toMatchObject({ NODE_ENV: 'production' });
});

test('a slip of the pen is answered before anything is installed', async () => {
  const asked = (...args: string[]) => promisify(execFile)(process.execPath, [join(clone, 'devbox', 'bootstrap.mjs'), 'demo', ...args]);
  await expect(asked('--size', 'abc')).rejects.toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--size abc is not a whole number') });
  expect((await asked('--help')).stdout).toContain('--clean');
  expect(existsSync(join(clone, 'node_modules'))).toBe(false);
});
