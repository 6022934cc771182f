import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the devbox keeps what is expensive to make again: the private engine's images, the Temporal binary, wheels.
 * Never inside the checkout, so that a fresh clone profits from what an earlier clone built.
 */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env['HOLDFAST_DEVBOX_DIR']) return env['HOLDFAST_DEVBOX_DIR'];
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'holdfast-devbox');
}

/**
 * Sockets, pid files and locks of one state directory. They live under /run because a socket's path may have at most
 * 108 bytes, whatever the state directory is called, and because after a reboot they ought to be gone.
 */
export function runtimeDirectory(state: string = stateDirectory()): string {
  return join('/run', `holdfast-devbox-${createHash('sha256').update(state).digest('hex').slice(0, 8)}`);
}

/** A folder below the state directory, created when missing. */
export function stateFolder(...names: string[]): string {
  const folder = join(stateDirectory(), ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}
