/** One of all processes of this machine at a time, by a file that names its holder. A holder that died is succeeded. */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastFailure } from '../../domain/failures.ts';
import { identityOf, livingPid } from './process-identity.ts';

const pollMs = 100;

/** @throws ServiceBusy when a living process has held it for `waitMs`; the signal's reason while waiting */
export async function withFileLock<T>(path: string, waitMs: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadline = Date.now() + waitMs;
  while (!(await tryLock(path))) {
    if (Date.now() >= deadline) {
      const holder = (await holderOf(path))?.split(':')[0] ?? 'unknown';
      throw new HoldfastFailure('ServiceBusy', { operation: 'use the embedded Temporal server', object: path, cause: `process ${holder} has been starting or stopping it for ${Math.round(waitMs / 1000)} s`, hint: 'Try again; if that process hangs, end it.' });
    }
    signal?.throwIfAborted();
    await pause(pollMs);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** `link` makes the lock with its holder's name already in it: nobody ever sees a lock that belongs to no one. */
async function tryLock(path: string): Promise<boolean> {
  if (await createHeld(path)) return true;
  const holder = await holderOf(path);
  if (holder !== null && livingPid(holder) === null) await takeAway(path, holder);
  return false;
}

/** Creates the file exclusively, naming this process. */
async function createHeld(path: string): Promise<boolean> {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(draft, identityOf(process.pid) ?? '', { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Two who find the same dead holder must not both remove "the" lock: the second one would remove a living successor's. So the removal has
 * a lock of its own, and looks again under it.
 */
async function takeAway(path: string, deadHolder: string): Promise<void> {
  const removal = `${path}.removal`;
  if (!(await createHeld(removal))) {
    const remover = await holderOf(removal);
    if (remover !== null && livingPid(remover) === null) await rm(removal, { force: true });
    return;
  }
  if ((await holderOf(path)) === deadHolder) await rm(path, { force: true });
  await rm(removal, { force: true });
}

async function holderOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
