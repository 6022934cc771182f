/**
 * Making a finished temporary file visible under its name, exclusively and durably.
 *
 * With hard links: `link` fails for all but one (50 parallel renames have 50 winners, 50 parallel links one). Without them: an exclusively
 * created `<name>.claim`, then a rename by its holder; a claim whose writer died is taken over after a minute.
 */
import { link, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastFailure } from '../../domain/failures.ts';
import { claimSuffix } from '../object-path.ts';
import { alreadyExists, codeOf } from './file-failure.ts';
import { claimNote } from './temporaries.ts';

const abandonedAfterMs = 60_000;
/** A living writer renames within milliseconds; who waits longer than this tries again later. */
const claimRounds = 100;
const claimPauseMs = 20;
const roundsPerLook = 25;
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** Readers see nothing or the whole. `root` is the repository's directory, `forceClaims` is for file systems that are known to have no links, and for the conformance suite. @throws AlreadyExists */
export async function publish(temporary: string, final: string, root: string, forceClaims: boolean): Promise<void> {
  try {
    if (forceClaims || !(await linked(temporary, final))) await claimAndRename(temporary, final, root);
  } finally {
    // Also for who comes too late: the winner may have died before its sync, and "it exists" is taken for "it is durable" by a retry.
    await syncDirectory(dirname(final));
  }
}

async function linked(temporary: string, final: string): Promise<boolean> {
  try {
    await link(temporary, final);
  } catch (error) {
    if (noLinks.has(codeOf(error))) return false;
    throw error;
  }
  await unlink(temporary);
  return true;
}

async function claimAndRename(temporary: string, final: string, root: string): Promise<void> {
  const claim = `${final}${claimSuffix}`;
  const token = randomUUID();
  const note = claimNote.pathFor(temporary);
  try {
    // First of all, so that whoever cleans up after this writer finds its claim.
    await writeNew(note, claimNote.textOf(token, relative(root, claim)));
    await takeClaim(claim, token, temporary, final);
    try {
      if (await exists(final)) throw alreadyExists('create an object', final);
      if ((await readFile(claim, 'utf8')) !== token) throw busy(final);
      await rename(temporary, final);
    } finally {
      // A writer that stalled may have lost its claim; the one that stands now is another's.
      if ((await readFile(claim, 'utf8').catch(() => '')) === token) await rm(claim, { force: true });
    }
  } finally {
    await rm(note, { force: true });
  }
}

async function takeClaim(claim: string, token: string, temporary: string, final: string): Promise<void> {
  for (let round = 0; round < claimRounds; round += 1) {
    try {
      return await writeNew(claim, token);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (await exists(final)) throw alreadyExists('create an object', final);
    if (round % roundsPerLook === 0 && await isAbandoned(claim, `${temporary}.now`)) await setAside(claim, token);
    await pause(claimPauseMs);
  }
  throw busy(final);
}

/** A claim's age by the file system's own clock: a file server's may differ from ours by more than the time a claim is good for. */
async function isAbandoned(claim: string, clock: string): Promise<boolean> {
  await writeNew(clock, '');
  try {
    const now = (await stat(clock)).mtimeMs;
    return await stat(claim).then((facts) => now - facts.mtimeMs >= abandonedAfterMs, () => false);
  } finally {
    await rm(clock, { force: true });
  }
}

/** Only one of several takers can rename a dead writer's claim away; for the others it is gone, which is as good. */
async function setAside(claim: string, token: string): Promise<void> {
  const aside = `${claim}.${token}`;
  await rename(claim, aside).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  await rm(aside, { force: true });
}

/** Its bytes are on the disk when this returns; its name is once its directory was synced. Fails where there is such a file. */
export async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, (error: unknown) => {
  if (codeOf(error) === 'ENOENT') return false;
  throw error;
});

const busy = (final: string): HoldfastFailure =>
  new HoldfastFailure('RepositoryUnreachable', { operation: 'create an object', object: final, cause: 'another writer is creating the same object', hint: 'It is tried again.' });

/** A name is durable only when its directory is. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
