/** The head of a repository: the document that says which one it is. It is made once, and never again where a repository already was. */
import { randomUUID } from 'node:crypto';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { isName } from '../domain/identifiers.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createOrMatch, notWhatItClaims, readDocument } from './documents.ts';

export const headPath = 'holdfast.json';
/** What lies directly below a service (docs/backup-format.md). */
const serviceDirectories: ReadonlySet<string> = new Set(['sequence', 'backups', 'plans', 'approvals', 'rollbacks', 'runs', 'marks', 'holds', 'releases', 'wal', 'aof', 'set-aside', 'trash', 'removed', 'retention']);

export interface RepositoryHead {
  /** The id that this process read first, without asking again; undefined before. */
  known(): string | undefined;
  /** Reads the head anew, or creates it. @throws UnsupportedFormat, RepositoryDamaged, RepositoryUnreachable */
  open(): Promise<string>;
}

export function headOf(storage: BackupStorage): RepositoryHead {
  let known: string | undefined;

  /** An unmounted share leaves an empty directory behind, another disk one with another head: what is written there is missed later. */
  async function open(): Promise<string> {
    const found = await readHead(storage) ?? (known === undefined ? await createHead(storage) : null);
    if (found === null) throw gone(storage, 'RepositoryUnreachable', 'its holdfast.json is gone', 'Mount the disk or share it lies on; nothing was written.');
    known ??= found;
    if (found === known) return known;
    throw gone(storage, 'RepositoryDamaged', `it is the repository ${found}, and was ${known} when this process began`, 'Mount the right disk or share, or start the worker again if the exchange was meant; nothing was written.');
  }

  return { known: () => known, open };
}

/** What is missed may only not be mounted: an empty directory says nothing of what a repository holds. @throws RepositoryUnreachable where there is no head, either */
export async function requireHead(storage: BackupStorage): Promise<void> {
  if (await storage.stat(headPath) === null) throw gone(storage, 'RepositoryUnreachable', 'its holdfast.json is gone', 'Mount the disk or share it lies on; the step is tried again.');
}

async function createHead(storage: BackupStorage): Promise<string> {
  const service = await serviceIn(storage);
  if (service !== null) {
    // Whoever came first may have made the head and gone on since we looked for it.
    const found = await readHead(storage);
    if (found !== null) return found;
    throw gone(storage, 'RepositoryDamaged', `it holds ${service} and no holdfast.json`, 'Put holdfast.json back (a copy of the repository has it), or name an empty directory.');
  }
  await createOrMatch(storage, headPath, { format: 1, repositoryId: randomUUID() });
  const created = await readHead(storage);
  if (created !== null) return created;
  throw gone(storage, 'RepositoryUnreachable', 'its holdfast.json went away while it was opened', 'Check that its disk or share is mounted and healthy.');
}

async function readHead(storage: BackupStorage): Promise<string | null> {
  const head = await readDocument(storage, headPath);
  if (head === null) return null;
  const { format, repositoryId } = head;
  if (format === 1 && typeof repositoryId === 'string') return repositoryId;
  throw notWhatItClaims('RepositoryDamaged', headPath, 'it names no repository');
}

/** Something that only a repository has, or null. Files of other programs are no reason to refuse: a backup script's directory may become a repository. */
async function serviceIn(storage: BackupStorage): Promise<string | null> {
  for (const name of (await storage.listNames('')).filter(isName)) {
    const below = await storage.listNames(name).catch((error: unknown) => {
      if (isFailure(error, 'RepositoryDamaged')) return []; // A link, which Holdfast does not write.
      throw error;
    });
    const own = below.find((each) => serviceDirectories.has(each));
    if (own !== undefined) return `${name}/${own}`;
  }
  return null;
}

const gone = (storage: BackupStorage, type: 'RepositoryDamaged' | 'RepositoryUnreachable', cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure(type, { operation: 'open the repository', object: storage.location, cause, hint });
