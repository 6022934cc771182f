/** Secrets are found at the moment they are used, by the process that uses them, and live no longer than that use. */
import { readFile } from 'node:fs/promises';
import { HoldfastFailure } from '../domain/failures.ts';
import type { SecretReference } from '../domain/secret-reference.ts';
import type { Environment } from './environment-config.ts';

const largestCharacters = 64 * 1024;

/**
 * The secret behind a reference. One line end at the end of a file is not part of it: editors and `echo` put one there.
 * @throws SecretNotFound for a variable or file that is missing, unreadable or empty; the message names the place, never the value
 */
export async function resolveSecret(reference: SecretReference, environment: Environment): Promise<string> {
  const { place, value } = await resolveText(reference, environment);
  // A line break or NUL would end the value early in every protocol that carries it on.
  if (/[\0\r\n]/.test(value)) throw notFound(place, 'it has more than one line');
  return value;
}

/** The same of a key, which may have lines. @throws SecretNotFound */
export const resolveKeyText = async (reference: SecretReference, environment: Environment): Promise<string> => (await resolveText(reference, environment)).value;

async function resolveText(reference: SecretReference, environment: Environment): Promise<{ readonly place: string; readonly value: string }> {
  const [place, value] = 'env' in reference ? [`environment variable ${reference.env}`, environment[reference.env]] : [`file ${reference.file}`, await readSecretFile(reference.file)];
  if (value === undefined) throw notFound(place, 'it is not set');
  if (value === '') throw notFound(place, 'it is empty');
  if (value.length > largestCharacters) throw notFound(place, 'it is too long for a password');
  return { place, value };
}

/** What a machine that is short of something, or a share, answers for a moment. */
const passing: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO', 'ESTALE', 'ETIMEDOUT']);

async function readSecretFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    if (passing.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw notFound(`file ${path}`, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function notFound(place: string, cause: string): HoldfastFailure {
  return new HoldfastFailure('SecretNotFound', { operation: 'find a secret', object: place, cause, hint: 'Secrets are looked up where the worker runs: set it there, and restart the worker after changing its environment.' });
}
