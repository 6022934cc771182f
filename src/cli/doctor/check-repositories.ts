/** Can a backup be written where it should go, and how much room is there? */
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { sizeText } from '../../domain/wording.ts';
import { composeRepositories } from '../../worker/dependencies.ts';
import { check, fail, ok, warn, type Finding } from './finding.ts';

const littleBytes = 1024 ** 3;

export async function checkRepositories(config: Config): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, path } of config.repositories) findings.push(...await check(`repository ${name}`, () => checkRepository(config, name, path)));
  return findings;
}

async function checkRepository(config: Config, name: string, path: string): Promise<Finding> {
  const what = `repository ${name}`;
  const existing = await nearestDirectory(path);
  if (existing !== path) return fail(what, `${path} does not exist`, `Mount the disk it should be on, or create it once: mkdir -p ${JSON.stringify(path)}`);
  const writable = await access(existing, constants.W_OK | constants.X_OK).then(() => true, () => false);
  if (!writable) return fail(what, `${existing} cannot be written to`, `Give this user the right to, for example: sudo install -d -o "$USER" ${path}`);
  const repository = composeRepositories(config).get(name);
  const free = await repository?.storage.freeBytes() ?? null;
  const text = `${path}${free === null ? '' : `, ${sizeText(free)} free`}`;
  return free !== null && free < littleBytes ? warn(what, text, 'Make room before the next backup.') : ok(what, text);
}

async function nearestDirectory(path: string): Promise<string> {
  for (let directory = path; ; directory = dirname(directory)) {
    if ((await stat(directory).catch(() => null))?.isDirectory() === true || directory === dirname(directory)) return directory;
  }
}
