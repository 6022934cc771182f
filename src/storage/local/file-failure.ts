/** What an error of the file system means for a repository. */
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';

/** @param object path or directory the operation was about */
export function fileFailure(operation: string, object: string, error: unknown): Error {
  if (isFailure(error) || !(error instanceof Error)) return error as Error;
  const code = codeOf(error);
  // A source that closed without its end; other codes of Node's own are mistakes, not answers of the file system.
  if (code === 'ERR_STREAM_PREMATURE_CLOSE') return new HoldfastFailure('BrokenStream', { operation, object, cause: 'the source ended before its end', hint: 'It is tried again; nothing unfinished is kept.' }, { cause: error });
  if (typeof code !== 'string' || code === '' || code.startsWith('ERR_') || code === 'ABORT_ERR') return error;
  if (code === 'EEXIST') return alreadyExists(operation, object);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return new HoldfastFailure('DiskFull', { operation, object, cause: `the file system is full (${code})`, hint: 'Free space in the repository; nothing unfinished is kept.' }, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new HoldfastFailure('RepositoryUnreachable', { operation, object, cause: `the file system refuses it (${code})`, hint: 'Give the user of the worker read and write access to the repository.' }, { cause: error });
  return new HoldfastFailure('RepositoryUnreachable', { operation, object, cause: `the file system answers ${code}`, hint: 'Check that the repository\'s disk or share is mounted and healthy.' }, { cause: error });
}

export const alreadyExists = (operation: string, object: string): HoldfastFailure =>
  new HoldfastFailure('AlreadyExists', { operation, object, cause: 'there is an object of that name', hint: 'Stored objects are never overwritten.' });

export const objectNotFound = (operation: string, object: string): HoldfastFailure =>
  new HoldfastFailure('ObjectNotFound', { operation, object, cause: 'there is no such object in the repository', hint: 'Someone removed it, or the backup was never completed; use another backup (holdfast list).' });

export const codeOf = (error: unknown): string => (error instanceof Error ? (error as NodeJS.ErrnoException).code ?? '' : '');
