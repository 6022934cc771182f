import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, livingPid } from './process-identity.ts';
import { SetupFailure } from './setup-failure.ts';

/**
 * Runs `work` while no other process of this machine runs work under the same lock file. A lock whose owner died is
 * taken over. Waits at most `waitMs`; building an image or a binary may hold a lock for minutes.
 */
export async function withFileLock<T>(file: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const deadline = Date.now() + waitMs;
  while (!tryLock(file)) {
    if (Date.now() >= deadline) {
      const owner = readOwner(file)?.split(':')[0];
      throw new SetupFailure(
        `another run (process ${owner}) has held ${file} for ${Math.round(waitMs / 1000)} s`,
        'wait for that run to end, or end it, and start again',
      );
    }
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** `link` creates the lock with its owner's name already in it: nobody can see a lock without an owner. */
function tryLock(file: string): boolean {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, identifyProcess(process.pid) ?? '');
  try {
    linkSync(draft, file);
    return true;
  } catch {
    const owner = readOwner(file);
    if (owner !== undefined && livingPid(owner) === undefined) rmSync(file, { force: true });
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOwner(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
