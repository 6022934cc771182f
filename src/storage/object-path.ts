/** Paths of stored objects: checked at every entry, because some of them are read from places that others can write to. Pure. */
import { HoldfastFailure } from '../domain/failures.ts';

const partPattern = /^[A-Za-z0-9._]([A-Za-z0-9._ -]{0,199}[A-Za-z0-9._-])?$/;
const maximumLength = 900;

/** The path, when it is relative, `/`-separated and made of plain names. @throws HoldfastFailure InvalidInput */
export function checkObjectPath(path: string): string {
  const parts = path.split('/');
  const plain = path.length <= maximumLength && parts.every((part) => partPattern.test(part) && part !== '.' && part !== '..' && !isOwnName(part));
  if (plain) return path;
  throw new HoldfastFailure('InvalidInput', { operation: 'name a stored object', object: JSON.stringify(path.slice(0, 120)), cause: 'a path in the repository is made of plain names (letters, digits, "_", "-", "." and inner blanks) between slashes', hint: 'Someone put a foreign object into the repository, or a name was not checked.' });
}

/** A prefix: a path, or '' for everything. */
export const checkObjectPrefix = (prefix: string): string => (prefix === '' ? '' : checkObjectPath(prefix));

/** Where objects grow before they are visible; never listed. */
export const temporaryDirectory = '.tmp';
/** Marks an object that is being created where hard links do not exist; never listed. */
export const claimSuffix = '.claim';

const claimPattern = /\.claim(\.[0-9a-f-]{36})?$/;
/** Is this a name that a storage uses for itself? No object may have it, and it is never listed. */
export const isOwnName = (name: string): boolean => name === temporaryDirectory || claimPattern.test(name);
