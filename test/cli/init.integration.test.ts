/** `init` against a real engine: what it writes is valid, the one directory it invents is there, and nothing of anybody's is overwritten. */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../engines/redis/redis-fixture.ts';
import { runCommand, type CommandEnd } from '../support/command-line.ts';
import { useDocker } from '../support/docker.ts';
import { dockerHost } from '../support/test-environment.ts';

const docker = useDocker();
let redis: TestRedis;
let directory: string;

beforeAll(async () => {
  redis = await startRedis(docker);
  directory = await mkdtemp(join(tmpdir(), 'holdfast init-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const holdfast = (args: readonly string[]): Promise<CommandEnd> => runCommand(args, { directory, environment: { DOCKER_HOST: dockerHost() } });

test('printing writes nothing', async () => {
  const { code, stdout } = await holdfast(['init', '--print']);
  expect(code).toBe(0);
  expect(stdout).toContain(redis.component.container);
  for (const name of ['holdfast.yaml', 'backups']) await expect(stat(join(directory, name))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('the file is written once, with the directory that it names', async () => {
  const { code, stdout } = await holdfast(['init']);
  expect(code).toBe(0);
  expect(stdout).toContain(`Created ${join(directory, 'backups')}`);
  expect((await stat(join(directory, 'backups'))).mode & 0o777).toBe(0o700);
  const written = await readFile(join(directory, 'holdfast.yaml'), 'utf8');
  expect(written).toContain('local: { url: ./backups }');

  await rm(join(directory, 'backups'), { recursive: true });
  const again = await holdfast(['init', '--json']);
  expect(again.code).toBe(3);
  expect(JSON.parse(again.stdout)).toMatchObject({ error: { type: 'AlreadyExists' }, exitCode: 3 });
  expect(await readFile(join(directory, 'holdfast.yaml'), 'utf8')).toBe(written);
  await expect(stat(join(directory, 'backups'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a directory that is there already is left as it is, and said', async () => {
  await rm(join(directory, 'holdfast.yaml'), { force: true });
  await mkdir(join(directory, 'backups'), { mode: 0o755 });
  await writeFile(join(directory, 'backups', 'note'), 'of somebody');
  const { code, stdout } = await holdfast(['init', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ path: join(directory, 'holdfast.yaml'), created: null, exitCode: 0 });
  expect(await readFile(join(directory, 'backups', 'note'), 'utf8')).toBe('of somebody');
});
