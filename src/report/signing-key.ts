/** The key that reports are signed with: ed25519, in forms that stock tools read and write (openssl, ssh-keygen). */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { HoldfastFailure } from '../domain/failures.ts';

/** In front of the 32 bytes of a public key, as X.509 (RFC 8410) and as SSH (RFC 8709) write it. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const sshPrefix = Buffer.concat([text('ssh-ed25519'), length(32)]);
const rawBytes = 32;

function length(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(count);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([length(value.length), Buffer.from(value, 'latin1')]);
}

/** A new key, as PEM (PKCS #8): what `openssl genpkey -algorithm ed25519` writes. */
export const createSigningKeyPem = (): string => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** PEM, or the one base64 line between its first and last. @throws InvalidConfiguration, which never shows it */
export function parseSigningKey(source: string): KeyObject {
  try {
    const key = source.includes('-----BEGIN') ? createPrivateKey(source) : createPrivateKey({ key: Buffer.from(source.trim(), 'base64'), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // What was wrong with it may quote it.
  }
  throw new HoldfastFailure('InvalidConfiguration', { operation: 'read the key that signs reports', object: 'reports.signingKey', cause: 'it is no ed25519 private key without a passphrase', hint: 'Make one: openssl genpkey -algorithm ed25519 -out report-signing.pem' });
}

/** The public half as one line, `ssh-ed25519 AAAA…`: the one form in which it stands in reports. */
export function publicKeyLine(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return `ssh-ed25519 ${Buffer.concat([sshPrefix, spki.subarray(spkiPrefix.length)]).toString('base64')}`;
}

/** From that line (with a comment behind it or not), or from PEM; null where it is neither. */
export function parsePublicKey(source: string): KeyObject | null {
  try {
    if (source.includes('-----BEGIN PUBLIC KEY')) return ofType(createPublicKey(source));
    const [, encoded] = /^ssh-ed25519 ([A-Za-z0-9+/=]+)(\s|$)/.exec(source.trim()) ?? [];
    const wire = Buffer.from(encoded ?? '', 'base64');
    if (wire.length !== sshPrefix.length + rawBytes || !wire.subarray(0, sshPrefix.length).equals(sshPrefix)) return null;
    return createPublicKey({ key: Buffer.concat([spkiPrefix, wire.subarray(sshPrefix.length)]), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

const ofType = (key: KeyObject): KeyObject | null => (key.asymmetricKeyType === 'ed25519' ? key : null);

/** `SHA256:…`, as `ssh-keygen -l` prints it for the line above. */
export function fingerprintOf(line: string): string {
  const wire = Buffer.from(line.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(wire).digest('base64').replace(/=+$/, '')}`;
}

export const isFingerprint = (value: string): boolean => /^SHA256:[A-Za-z0-9+/]{43}$/.test(value);

export const publicKeyPem = (line: string): string => parsePublicKey(line)?.export({ type: 'spki', format: 'pem' }).toString() ?? '';
