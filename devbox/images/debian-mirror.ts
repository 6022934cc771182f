import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';

/** How this machine reaches Debian's packages: the same way works for the images. */
export interface DebianMirror {
  url: string;
  /** Lines for apt.conf: proxies and relaxed date checks that the machine's own apt was given. */
  settings: readonly string[];
}

const carriedSettings = /^Acquire::(https?::Proxy|https?::Proxy::.+|Check-Valid-Until|Check-Date|Retries) /i;

/** The mirror and settings of the machine's apt; Debian's own public mirror where it has none (another system). */
export async function findDebianMirror(): Promise<DebianMirror> {
  const targets = await runCommand('apt-get', ['indextargets', '--format', '$(CREATED_BY) $(ORIGIN) $(RELEASE) $(REPO_URI)']);
  const url = targets.stdout
    .split('\n')
    .map((line) => line.split(' '))
    .find(([kind, origin, release]) => kind === 'Packages' && origin === 'Debian' && /^[a-z]+$/.test(release ?? ''))?.[3];
  const dump = await runCommand('apt-config', ['dump']);
  const settings = dump.stdout.split('\n').filter((line) => carriedSettings.test(line) && !line.includes(' "";'));
  for (const scheme of ['http', 'https']) {
    const proxy = process.env[`${scheme}_proxy`] ?? process.env[`${scheme.toUpperCase()}_PROXY`];
    if (proxy) settings.push(`Acquire::${scheme}::Proxy "${proxy}";`);
  }
  return { url: url ?? 'http://deb.debian.org/debian', settings };
}

/** Makes installing into this root file system quick (no fsync, no manuals) and free of side effects (no services). */
export function configurePackageManager(root: string, mirror: DebianMirror): void {
  const settings = ['APT::Install-Recommends "false";', 'Acquire::Languages "none";', 'Acquire::PDiffs "false";', ...mirror.settings];
  writeFileSync(join(root, 'etc/apt/apt.conf.d/90-holdfast-devbox'), `${settings.join('\n')}\n`);
  const omitted = ['doc', 'man', 'info', 'lintian'].map((name) => `path-exclude=/usr/share/${name}/*`);
  writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/90-holdfast-devbox'), ['force-unsafe-io', ...omitted, ''].join('\n'));
  writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
}
