/** Files that were imported, by component, stamp and content: taken once, whoever asks, however often, and however many at once. The same bytes of another day are another backup. */
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { backupInstant } from '../../domain/identifiers.ts';
import { parseFileName } from '../../domain/imports/file-name.ts';
import { instantOfStamp } from '../../domain/imports/local-instant.ts';
import type { Repository } from '../../repository/repository.ts';

export interface ImportedContent {
  readonly component: string;
  readonly file: string;
  readonly sha256: string;
}

const keyOf = ({ component, file, sha256 }: ImportedContent): string => `${component} ${parseFileName(file)?.stamp ?? ''} ${sha256}`;

/** The id of an imported backup is its stamp in UTC: read in whatever zone, a stamp is no further from that than this. */
const zonesMs = 86_400_000;

/**
 * Which backup holds a file. One that cannot be read is no reason to import nothing: its files may come twice, and none is lost.
 * @param about only what can be of these files is read; everything unless given
 */
export async function knownFiles(repository: Repository, service: string, about?: readonly Pick<ImportedContent, 'file'>[]): Promise<(file: ImportedContent) => string | undefined> {
  const holders = new Map<string, string>();
  const instants = about?.map(({ file }) => instantOfStamp(parseFileName(file)?.stamp ?? '', 'UTC') ?? Number.NaN);
  const isMeant = (backupId: string): boolean => instants === undefined || instants.some((instant) => Math.abs(Date.parse(backupInstant(backupId)) - instant) < zonesMs);
  for (const backupId of (await repository.listBackups(service)).filter(isMeant)) {
    try {
      for (const file of (await repository.readManifest(service, backupId)).manifest.imported?.files ?? []) holders.set(keyOf(file), backupId);
    } catch (error) {
      if (!isFailure(error) || error.retryable) throw error;
    }
  }
  return (file) => holders.get(keyOf(file));
}

/** @throws AlreadyExists for the first of them that is in a backup of the catalog */
export async function requireUnknown(repository: Repository, service: string, files: readonly ImportedContent[]): Promise<void> {
  const holderOf = await knownFiles(repository, service, files);
  for (const each of files) {
    const holder = holderOf(each);
    if (holder !== undefined) throw new HoldfastFailure('AlreadyExists', { operation: 'import a file', object: each.file, cause: `${holder} holds it already, byte for byte`, hint: `Nothing was taken. See it with holdfast show ${holder}, and leave the file out.` });
  }
}

const turns = new Map<string, Promise<unknown>>();

/**
 * One after another for each service: two imports of one directory at once may both have found a file unknown, and the second has to see what the first has written. The imports of a
 * service are all made by the worker of its host.
 */
export async function inTurn<T>(service: string, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(service) ?? Promise.resolve()).then(work, work);
  turns.set(service, turn);
  try {
    return await turn;
  } finally {
    if (turns.get(service) === turn) turns.delete(service);
  }
}
