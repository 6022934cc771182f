import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A pid together with the process's start time, as `pid:startTicks`. A bare pid is reused by the kernel; a pid file
 * of a machine that was switched off could otherwise make us end somebody else's process.
 */
export function identifyProcess(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${pid}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** The pid of an identity, when exactly that process still runs. */
export function livingPid(identity: string): number | undefined {
  const pid = Number.parseInt(identity, 10);
  return Number.isInteger(pid) && pid > 1 && identifyProcess(pid) === identity.trim() ? pid : undefined;
}

/** Ends one process by its identity: SIGTERM, then SIGKILL after `graceMs`. Does nothing when it has ended. */
export async function endProcess(identity: string, graceMs: number): Promise<void> {
  const pid = livingPid(identity);
  if (pid === undefined) return;
  signalQuietly(pid, 'SIGTERM');
  if (await hasEnded(identity, graceMs)) return;
  signalQuietly(pid, 'SIGKILL');
  await hasEnded(identity, 10_000);
}

/** Waits up to `waitMs` for the process to be gone. */
export async function hasEnded(identity: string, waitMs: number): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  while (livingPid(identity) !== undefined) {
    if (Date.now() >= deadline) return false;
    await sleep(50);
  }
  return true;
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal, which is what was wanted.
  }
}
