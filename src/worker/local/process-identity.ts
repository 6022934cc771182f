/** Which process is meant: a pid is used again by the kernel, a pid with its start time is not. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 50;
const killedMs = 10_000;

/** `<pid>:<start>` of a living process, or null. The start is in the kernel's own words, with the boot it counts from. */
export function identityOf(pid: number): string | null {
  const start = process.platform === 'linux' ? linuxStart(pid) : posixStart(pid);
  return start === null ? null : `${pid}:${start}`;
}

/** The pid of exactly that process, or null when it has ended. */
export function livingPid(identity: string): number | null {
  const pid = Number.parseInt(identity, 10);
  return Number.isSafeInteger(pid) && pid > 1 && identityOf(pid) === identity ? pid : null;
}

/** SIGTERM, after `graceMs` SIGKILL; returns when it is gone. No error where it is gone already. */
export async function endProcess(identity: string, graceMs: number): Promise<void> {
  signal(identity, 'SIGTERM');
  if (await hasEnded(identity, graceMs)) return;
  signal(identity, 'SIGKILL');
  await hasEnded(identity, killedMs);
}

export async function hasEnded(identity: string, waitMs: number): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  while (livingPid(identity) !== null) {
    if (Date.now() >= deadline) return false;
    await pause(pollMs);
  }
  return true;
}

function signal(identity: string, name: NodeJS.Signals): void {
  const pid = livingPid(identity);
  if (pid === null) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended between the look and the signal: that is what was wanted. Anything else shows when it does not end.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)): clock ticks since boot. A zombie has ended. */
function linuxStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)}-${fields[19]}`;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function posixStart(pid: number): string | null {
  try {
    const start = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return start === '' ? null : start.replace(/\s+/g, '_');
  } catch {
    // ps ends with 1 when there is no such process.
    return null;
  }
}
