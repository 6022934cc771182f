import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { findProgram, lastLines, runCommand } from './run-command.ts';
import { SetupFailure } from './setup-failure.ts';
import { announce } from './steps.ts';

const policyFile = '/usr/sbin/policy-rc.d';
const debconf = { DEBIAN_FRONTEND: 'noninteractive' };

/**
 * Installs Debian packages that are missing on this machine. Asks on a terminal, announces without one. Services of
 * the packages are not started, now or at the next boot: we run their programs privately. Idempotent.
 */
export async function ensureDebianPackages(names: readonly string[], why: string): Promise<string[]> {
  const missing: string[] = [];
  for (const name of names) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return [];
  await requireDebianRoot(missing, why);
  await askBeforeInstalling(missing, why);
  await withServicesKeptDown(async () => {
    if ((await aptInstall(missing)).exitCode === 0) return;
    announce('apt-get', 'refreshing the package lists');
    await runCommand('apt-get', ['update'], { env: { ...process.env, ...debconf } });
    const second = await aptInstall(missing);
    if (second.exitCode !== 0) {
      throw new SetupFailure(
        `apt-get could not install ${missing.join(', ')}: ${lastLines(second.output)}`,
        `run "apt-get update && apt-get install --no-install-recommends ${missing.join(' ')}" and start again`,
      );
    }
  });
  return missing;
}

/** The version of an installed package, without Debian's own revision. */
export async function packageVersion(name: string): Promise<string | undefined> {
  const asked = await runCommand('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Version}', name]);
  const [status, version] = asked.stdout.split(' ');
  return asked.exitCode === 0 && status === 'installed' ? version?.replace(/^\d+:/, '').replace(/[+~-].*$/, '') : undefined;
}

async function isInstalled(name: string): Promise<boolean> {
  return (await packageVersion(name)) !== undefined;
}

async function requireDebianRoot(missing: readonly string[], why: string): Promise<void> {
  const install = `install ${missing.join(', ')} (${why})`;
  if (process.getuid?.() !== 0) throw new SetupFailure(`${why} is missing and this is not root`, `as root, ${install}, or run this as root`);
  if (!(await findProgram('apt-get'))) throw new SetupFailure(`${why} is missing and this is not Debian`, install);
}

async function askBeforeInstalling(missing: readonly string[], why: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY || process.env['CI']) {
    announce('apt-get', `installing ${missing.join(', ')} (${why})`);
    return;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`  Install the Debian packages ${missing.join(', ')} (${why})? [Y/n] `);
  terminal.close();
  if (/^n/i.test(answer.trim())) {
    throw new SetupFailure(`${why} is missing and installing it was declined`, `install ${missing.join(', ')} yourself and start again`);
  }
}

function aptInstall(names: readonly string[]): ReturnType<typeof runCommand> {
  const args = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...names];
  return runCommand('apt-get', args, { env: { ...process.env, ...debconf } });
}

/** Debian asks policy-rc.d before it starts a package's service; 101 means no. An administrator's own file is kept. */
async function withServicesKeptDown(work: () => Promise<void>): Promise<void> {
  const refusal = '#!/bin/sh\n# holdfast-devbox: removed again after the installation\nexit 101\n';
  const before = existsSync(policyFile) ? readFileSync(policyFile, 'utf8') : undefined;
  const ours = before === undefined || before === refusal;
  if (ours) writeFileSync(policyFile, refusal, { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) rmSync(policyFile, { force: true });
  }
}

/** Keeps freshly installed services from starting at the next boot, under systemd and under sysvinit. */
export async function disableServices(services: readonly string[], sockets: readonly string[] = []): Promise<void> {
  const units = [...services.map((name) => `${name}.service`), ...sockets.map((name) => `${name}.socket`)];
  if (await findProgram('systemctl')) await runCommand('systemctl', ['disable', ...units]);
  for (const name of services) if (existsSync(`/etc/init.d/${name}`)) await runCommand('update-rc.d', [name, 'disable']);
}
