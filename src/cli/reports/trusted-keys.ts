/** Whose signature is believed: the key or fingerprint that was brought along, else the key of this installation and those that its configuration names. */
import { readFile } from 'node:fs/promises';
import { HoldfastFailure } from '../../domain/failures.ts';
import { fingerprintOf, isFingerprint, parsePublicKey, publicKeyLine } from '../../report/signing-key.ts';
import type { TrustedKeys } from '../../report/trusted-keys.ts';
import { ownPublicKey } from '../../worker/report-key.ts';
import type { CommandContext } from '../command-context.ts';

/** @param key a file with the public key (PEM or `ssh-ed25519 …`), or a fingerprint. @throws InvalidInput */
export async function trustedKeys(context: CommandContext, key: string | undefined): Promise<TrustedKeys> {
  if (key === undefined) return knownKeys(context);
  if (isFingerprint(key)) return [key];
  const source = await readFile(key, 'utf8').catch(() => null);
  const parsed = source === null ? null : parsePublicKey(source);
  if (parsed !== null) return [fingerprintOf(publicKeyLine(parsed))];
  throw new HoldfastFailure('InvalidInput', { operation: 'read the key', object: JSON.stringify(key.slice(0, 200)), cause: source === null ? 'it is no file that can be read, and no fingerprint' : 'it holds no ed25519 public key', hint: 'Give a file as `holdfast report key` prints it, or the fingerprint: SHA256:… and 43 characters.' });
}

/** A report is verified where there is no configuration, too: on the auditor's machine. */
export async function knownKeys(context: CommandContext): Promise<TrustedKeys> {
  const settings = await context.config().then(({ reports }) => reports, () => undefined);
  const line = await ownPublicKey(settings, context.environment).catch(() => null);
  const known = [...(line === null ? [] : [fingerprintOf(line)]), ...settings?.keys ?? []];
  return known.length === 0 ? null : known;
}
