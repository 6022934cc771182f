/** The package as users get it: packed by npm, unpacked beside its dependencies, run as compiled JavaScript; and by an older Node. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalState } from '../src/worker/local/local-state.ts';
import { endProcess } from '../src/worker/local/process-identity.ts';
import { runCommand, type CommandEnd } from './support/command-line.ts';
import { dockerHost } from './support/test-environment.ts';

const root = join(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const binaries = join(modules, '.bin');
/** Without what `npm` or a shell in the clone put in front. */
const systemPath = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules')).join(delimiter);
let directory: string;
let installed: string;

interface Ended { readonly code: number; readonly stdout: string; readonly stderr: string }

const run = (program: string, args: readonly string[], cwd: string, environment: NodeJS.ProcessEnv = {}): Promise<Ended> => new Promise((resolve) => {
  execFile(program, args, { cwd, env: { PATH: systemPath, HOME: directory, ...environment }, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
    resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }));
});

/** npm packs a copy, so that what it builds does not appear in the clone. */
async function pack(): Promise<string> {
  const clone = join(directory, 'clone');
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: readonly string[] };
  for (const name of new Set([...files.filter((file) => file !== 'dist'), 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'scripts', 'devbox'])) await cp(join(root, name), join(clone, name), { recursive: true });
  await symlink(modules, join(clone, 'node_modules'));
  const { code, stdout, stderr } = await run('npm', ['pack', '--json', '--pack-destination', directory], clone, { npm_config_cache: join(directory, 'npm'), npm_config_update_notifier: 'false' });
  expect(code, `${stdout}${stderr}`).toBe(0);
  const packed = (await readdir(directory)).find((name) => name.endsWith('.tgz'));
  return join(directory, packed ?? 'npm pack wrote nothing');
}

/** What `npm install` does with it, without a registry: the package itself, its dependencies beside it, its program in `.bin`. */
async function install(tarball: string): Promise<string> {
  const consumer = join(directory, 'my project');
  const own = join(consumer, 'node_modules', 'holdfast');
  await mkdir(own, { recursive: true });
  await mkdir(join(consumer, 'node_modules', '.bin'));
  expect(await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', own], consumer)).toMatchObject({ code: 0 });
  for (const name of await readdir(modules)) if (!name.startsWith('.')) await symlink(join(modules, name), join(consumer, 'node_modules', name));
  await chmod(join(own, 'bin', 'holdfast.js'), 0o755);
  await symlink('../holdfast/bin/holdfast.js', join(consumer, 'node_modules', '.bin', 'holdfast'));
  await mkdir(join(consumer, 'backups'));
  await writeFile(join(consumer, 'package.json'), '{"private":true}\n');
  await writeFile(join(consumer, 'holdfast.yaml'), 'services:\n  shop: { redis: { container: shop-redis } }\nrepositories: { nas: { url: ./backups } }\n');
  return consumer;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast package-'));
  installed = await install(await pack());
});
afterAll(async () => {
  const state = await readFile(join(installed, 'state', 'local.json'), 'utf8').then((text) => JSON.parse(text) as LocalState, () => null);
  for (const { identity } of [...state?.workers ?? [], ...(state?.server == null ? [] : [state.server])]) await endProcess(identity, 5_000);
  await rm(directory, { recursive: true, force: true });
});

const program = (): string => join(installed, 'node_modules', 'holdfast', 'bin', 'holdfast.js');
const holdfast = (args: readonly string[]): Promise<CommandEnd> =>
  runCommand(args, { directory: installed, program: program(), environment: { PATH: systemPath, DOCKER_HOST: dockerHost(), TEMPORAL_CLI: process.env['TEMPORAL_CLI'] } });

test('npx finds the program, which runs no TypeScript', async () => {
  const { code, stdout } = await run('npx', ['--no-install', 'holdfast', '--help'], installed, { PATH: `${binaries}${delimiter}${systemPath}`, npm_config_cache: join(directory, 'npm') });
  expect(code).toBe(0);
  expect(stdout).toContain('Usage: holdfast');
  const sources = (await readdir(join(installed, 'node_modules', 'holdfast'), { recursive: true })).filter((path) => /(?<!\.d)\.ts$/.test(path));
  expect(sources).toEqual([]);
});

test('it reads a configuration, and says its own version', async () => {
  const [config, version] = await Promise.all([holdfast(['config']), holdfast(['--version'])]);
  expect(config).toMatchObject({ code: 0, stdout: expect.stringContaining(`repository nas: ${join(installed, 'backups')}`) });
  expect(version.stdout.trim()).toBe((JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }).version);
});

test('its worker starts from the compiled parts and the packed workflows', async () => {
  // The run is unknown, which only a server that answers can say; it is asked after its worker is ready.
  const { code, stdout, stderr } = await holdfast(['watch', 'r-0000']);
  expect(stderr).toContain('UnknownRun');
  expect(stdout).toContain('Starting Temporal');
  expect(code).toBe(2);
});

test('the Node of this system runs it, or is told in one sentence that it is too old', async () => {
  const version = (await run('node', ['--version'], installed)).stdout.trim();
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  const { code, stdout, stderr } = await run('node', [program(), '--version'], installed);
  if (major > 24 || (major === 24 && minor >= 21)) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  else expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(new RegExp(`^Holdfast needs Node 24\\.21 or newer, this is ${version}: [^\\n]+\\n$`)) });
});
