/** Small JSON documents in a repository: canonical, exclusive, each with its own SHA-256, read back only when all of that holds. */
import { createHash } from 'node:crypto';
import { manifestFormat } from '../domain/backup-manifest.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { HoldfastFailure, isFailure, type FailureType } from '../domain/failures.ts';
import type { BackupStorage } from '../storage/storage.ts';

const documentLimitBytes = 64 * 1024 * 1024;
/** Nothing that Holdfast writes is nested deeper than a dozen levels; deeper text is refused before a parser spends memory on it. */
const depthLimit = 64;

/** Creates the document, with its own SHA-256 in it. @throws AlreadyExists */
export const createDocument = (storage: BackupStorage, path: string, value: object): Promise<void> =>
  storage.createExclusive(path, bytesOf(sealed(value)));

/** Creates the document, or finds the one that won. True when what stands there now is this very value. */
export const createOrMatch = (storage: BackupStorage, path: string, value: object): Promise<boolean> =>
  createCanonicalOrMatch(storage, path, sealed(value));

/**
 * Creates canonical JSON as it is given, or finds what won. A crash between the write and the answer, and a retry after it, come out as true.
 */
export async function createCanonicalOrMatch(storage: BackupStorage, path: string, value: object): Promise<boolean> {
  try {
    await storage.createExclusive(path, bytesOf(value));
    return true;
  } catch (error) {
    if (!isFailure(error, 'AlreadyExists')) throw error;
  }
  return (await readText(storage, path, 'RepositoryDamaged')) === canonicalJson(value);
}

/**
 * The document without its SHA-256, or null where there is none. Plans, approvals and rollback records decide over live data: not a bit of them may have changed.
 * @throws RepositoryDamaged, UnsupportedFormat
 */
export async function readDocument(storage: BackupStorage, path: string): Promise<Readonly<Record<string, unknown>> | null> {
  const document = await readCanonical(storage, path, 'RepositoryDamaged');
  if (document === null) return null;
  refuseNewerFormat(path, document['format']);
  const { sha256, ...rest } = document;
  if (sha256 !== sha256Of(rest)) throw notWhatItClaims('RepositoryDamaged', path, 'it differs from its own SHA-256');
  return rest;
}

/** The object that stands there, or null where there is none. @throws `damaged` (a failure type) when its bytes are not a canonical JSON object */
export async function readCanonical(storage: BackupStorage, path: string, damaged: FailureType): Promise<Readonly<Record<string, unknown>> | null> {
  const text = await readText(storage, path, damaged).catch((error: unknown) => {
    if (isFailure(error, 'ObjectNotFound')) return null;
    throw error;
  });
  if (text === null) return null;
  const value = parseCanonical(text, path, damaged);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw notWhatItClaims(damaged, path, 'it is not an object');
}

/** SHA-256 over the canonical JSON of a value. */
export const sha256Of = (value: object): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

const sealed = (value: object): object => ({ ...value, sha256: sha256Of(value) });
const bytesOf = (value: object): Uint8Array => Buffer.from(canonicalJson(value), 'utf8');

export function refuseNewerFormat(path: string, format: unknown, newest: number = manifestFormat): void {
  if (typeof format === 'number' && format > newest) {
    throw new HoldfastFailure('UnsupportedFormat', { operation: 'read a document of the repository', object: path, cause: `it has format ${format}, this Holdfast reads up to ${newest}`, hint: 'Use a newer Holdfast for this repository.' });
  }
}

async function readText(storage: BackupStorage, path: string, damaged: FailureType): Promise<string> {
  const bytes = await storage.readSmall(path, documentLimitBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw notWhatItClaims(damaged, path, 'it is not UTF-8', error);
  }
}

function parseCanonical(text: string, path: string, damaged: FailureType): unknown {
  if (isDeeperThan(text, depthLimit)) throw notWhatItClaims(damaged, path, `it is nested deeper than ${depthLimit} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (canonicalJson(value) === text) return value;
  } catch (error) {
    throw notWhatItClaims(damaged, path, 'it is not JSON as Holdfast writes it', error);
  }
  throw notWhatItClaims(damaged, path, 'it is not canonical JSON: something changed it');
}

function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length && depth <= limit; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
  }
  return depth > limit;
}

export function notWhatItClaims(type: FailureType, path: string, cause: string, error?: unknown): HoldfastFailure {
  return new HoldfastFailure(type, { operation: 'read a document of the repository', object: path, cause, hint: 'The repository\'s disk or somebody changed it. Use another backup, and find out what happened.' }, { cause: error });
}

/** Does this failure say that something stored cannot be believed or understood, as opposed to not being reached? */
export const isDamage = (error: unknown): error is HoldfastFailure =>
  isFailure(error, 'ManifestDamaged') || isFailure(error, 'UnsupportedFormat') || isFailure(error, 'RepositoryDamaged');

const listedAtMost = 16;

/** What is made of a listing. Null: of what was listed something is gone, as another has taken its place; then it is listed anew. @throws RepositoryUnreachable where that does not end */
export async function listedAnew<T>(directory: string, read: () => Promise<T | null>): Promise<T> {
  for (let round = 1; round <= listedAtMost; round += 1) {
    const found = await read();
    if (found !== null) return found;
  }
  throw new HoldfastFailure('RepositoryUnreachable', { operation: 'read documents of the repository', object: directory, cause: 'what was listed was gone each time that it was to be read', hint: 'It is tried again.' });
}

/** Names below a directory that end in `.json`, without the ending. */
export async function documentNames(storage: BackupStorage, directory: string): Promise<readonly string[]> {
  return (await storage.listNames(directory)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)).sort();
}
