/** Files that are growing: how they are named, and how those of dead writers go (docs/backup-format.md). */
import { lstat, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isFailure } from '../../domain/failures.ts';
import { checkObjectPath, claimSuffix } from '../object-path.ts';
import { checkMark, currentMark } from '../writer-mark.ts';
import { codeOf } from './file-failure.ts';

/** A name that nobody else uses; it begins with the mark of its writer. */
export function temporaryName(): string {
  const mark = currentMark();
  return mark === null ? randomUUID() : `${mark}.${randomUUID()}`;
}

/** The note beside a temporary file that says which claim its writer holds: claims lie among the objects, where nobody could look for them all. */
export const claimNote = {
  pathFor: (temporary: string): string => `${temporary}${claimSuffix}`,
  textOf: (token: string, claim: string): string => `${token}\n${claim}`,
  isOne: (name: string): boolean => name.endsWith(claimSuffix),
};

/**
 * Removes what was left in a directory of temporary files: all of these marks, and all that is older by the file system's own clock.
 * @param root the repository; claims are named relative to it
 * @param refuseLinks fails for a path that leads through a link
 */
export async function removeTemporariesIn(root: string, directory: string, marks: readonly string[], olderThanMs: number, refuseLinks: (path: string) => Promise<void>): Promise<number> {
  const prefixes = marks.map((mark) => `${checkMark(mark)}.`);
  const names = await readdir(directory).catch(nothingThere);
  if (names === null || names.length === 0) return 0;
  const nowMs = await clockOf(directory);
  const left: string[] = [];
  for (const name of names) {
    const facts = await lstat(join(directory, name)).catch(nothingThere);
    if (facts === null || !facts.isFile()) continue;
    if (prefixes.some((prefix) => name.startsWith(prefix)) || nowMs - facts.mtimeMs >= olderThanMs) left.push(name);
  }
  // The files before the claims: a writer that is alive after all finds nothing to rename any more, before another may claim the name.
  for (const name of left.filter((each) => !claimNote.isOne(each))) await removed(join(directory, name));
  for (const name of left.filter(claimNote.isOne)) {
    await removeClaim(root, join(directory, name), refuseLinks);
    await removed(join(directory, name));
  }
  return left.length;
}

/** The claim that a note names, and what its writer set aside; another's claim under the same name stays. */
async function removeClaim(root: string, note: string, refuseLinks: (path: string) => Promise<void>): Promise<void> {
  const [token = '', claim = ''] = (await readFile(note, 'utf8').catch(nothingThere) ?? '').split('\n');
  // A writer that died while it wrote the note had no claim yet.
  if (token === '' || !claim.endsWith(claimSuffix) || !isObjectPath(claim.slice(0, -claimSuffix.length))) return;
  await refuseLinks(claim);
  const path = join(root, claim);
  if (await isClaimOf(path, token)) await removed(path);
  await removed(`${path}.${token}`);
}

/**
 * Does this claim belong to the dead writer with this token? It may have been killed between creating the claim and writing its token there; another,
 * living one is past that within milliseconds.
 */
async function isClaimOf(path: string, token: string): Promise<boolean> {
  for (let look = 1; ; look += 1) {
    const found = await readFile(path, 'utf8').catch(nothingThere);
    if (found === null || found === token || !token.startsWith(found)) return found === token;
    if (look === unfinishedLooks) return true;
    await pause(unfinishedPauseMs);
  }
}

const unfinishedLooks = 10;
const unfinishedPauseMs = 50;

function isObjectPath(path: string): boolean {
  try {
    return checkObjectPath(path) === path;
  } catch (error) {
    if (isFailure(error, 'InvalidInput')) return false;
    throw error;
  }
}

/** The file system's own time: a file server's clock may differ from ours by more than what makes a file old. */
async function clockOf(directory: string): Promise<number> {
  const clock = join(directory, temporaryName());
  try {
    await writeFile(clock, '', { flag: 'wx', mode: 0o600 });
    return (await stat(clock)).mtimeMs;
  } finally {
    await rm(clock, { force: true });
  }
}

const removed = (path: string): Promise<void | null> => unlink(path).catch(nothingThere);

function nothingThere(error: unknown): null {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
  throw error;
}
