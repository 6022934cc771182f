import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { ensureDebianPackages } from '../debian-packages.ts';
import { lastLines, runCommand } from '../run-command.ts';
import { SetupFailure } from '../setup-failure.ts';
import { stateFolder } from '../state-directory.ts';

/** Fetches a wheel through pip into the cache and unpacks it there. Returns the folder. Idempotent. */
export async function unpackWheel(wheel: { name: string; version: string }): Promise<string> {
  const cache = stateFolder('wheels');
  const unpacked = join(cache, `${wheel.name}-${wheel.version}`);
  if (existsSync(unpacked)) return unpacked;
  if ((await runCommand('python3', ['-m', 'pip', '--version'])).exitCode !== 0) {
    await ensureDebianPackages(['python3-pip'], 'pip, for PostgreSQL 16');
  }
  const draft = join(cache, `${wheel.name}-${process.pid}`);
  rmSync(draft, { recursive: true, force: true });
  await orFail(wheel, ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', ...target, '--dest', draft, `${wheel.name}==${wheel.version}`]);
  const file = readdirSync(draft).find((name) => name.endsWith('.whl')) ?? '';
  await orFail(wheel, ['-m', 'zipfile', '-e', join(draft, file), draft]);
  renameSync(draft, unpacked);
  return unpacked;
}

/** The wheel is only a container of Linux binaries: which Python this machine has does not matter. */
const target = ['--python-version', '3.12', '--implementation', 'cp', '--platform', `manylinux2014_${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`];

async function orFail(wheel: { name: string; version: string }, args: readonly string[]): Promise<void> {
  const done = await runCommand('python3', args, { timeoutMs: 300_000 });
  if (done.exitCode === 0) return;
  throw new SetupFailure(
    `the Python package ${wheel.name} ${wheel.version} could not be fetched: ${lastLines(done.output)}`,
    `check that "python3 -m pip download ${wheel.name}==${wheel.version}" works on this machine and start again`,
  );
}
