/** Small JSON documents in a repository: canonical, exclusive, read back only when they are canonical. */
import { canonicalJson } from '../domain/canonical-json.ts';
import { HoldfastFailure, isFailure, type FailureType } from '../domain/failures.ts';
import type { BackupStorage } from '../storage/storage.ts';

const documentLimitBytes = 64 * 1024 * 1024;
/** Nothing that Holdfast writes is nested deeper than a dozen levels; deeper text is refused before a parser spends memory on it. */
const depthLimit = 64;

/** Creates the document. @throws AlreadyExists */
export const createDocument = (storage: BackupStorage, path: string, value: unknown): Promise<void> =>
  storage.createExclusive(path, Buffer.from(canonicalJson(value), 'utf8'));

/**
 * Creates the document, or finds the one that won. True when what stands there now is this very value.
 * A crash between the write and the answer, and a retry after it, come out as true.
 */
export async function createOrMatch(storage: BackupStorage, path: string, value: unknown): Promise<boolean> {
  try {
    await createDocument(storage, path, value);
    return true;
  } catch (error) {
    if (!isFailure(error, 'AlreadyExists')) throw error;
  }
  return (await readText(storage, path, 'RepositoryDamaged')) === canonicalJson(value);
}

/** The document, or null where there is none. @throws `damaged` (a failure type) when its bytes are not canonical JSON */
export async function readDocument(storage: BackupStorage, path: string, damaged: FailureType = 'RepositoryDamaged'): Promise<unknown> {
  const text = await readText(storage, path, damaged).catch((error: unknown) => {
    if (isFailure(error, 'ObjectNotFound')) return null;
    throw error;
  });
  return text === null ? null : parseCanonical(text, path, damaged);
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

/** Names below a directory that end in `.json`, without the ending. */
export async function documentNames(storage: BackupStorage, directory: string): Promise<readonly string[]> {
  return (await storage.listNames(directory)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)).sort();
}
