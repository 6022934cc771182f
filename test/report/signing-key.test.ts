import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../src/domain/failures.ts';
import { createSigningKeyPem, fingerprintOf, isFingerprint, parsePublicKey, parseSigningKey, publicKeyLine, publicKeyPem } from '../../src/report/signing-key.ts';

const pem = createSigningKeyPem();
const line = publicKeyLine(parseSigningKey(pem));

describe('a key', () => {
  it('is read as PEM, and as the one base64 line in it', () => {
    const base64 = pem.split('\n').slice(1, -2).join('');
    expect(publicKeyLine(parseSigningKey(`${base64}\n`))).toBe(line);
  });

  it.each([['nothing', ''], ['words', 'hunter2'], ['another algorithm', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()], ['a public key', createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString()]])('is refused where it is %s, and never shown', (_what, source) => {
    try {
      parseSigningKey(source);
      expect.unreachable();
    } catch (error) {
      expect(isFailure(error, 'InvalidConfiguration')).toBe(true);
      if (source !== '') expect((error as Error).message).not.toContain(source.slice(0, 20));
    }
  });

  it('has one line and one fingerprint, which stock tools print too', () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-key-'));
    try {
      writeFileSync(join(directory, 'key.pem'), publicKeyPem(line));
      writeFileSync(join(directory, 'key.pub'), `${line} holdfast\n`);
      expect(execFileSync('openssl', ['pkey', '-pubin', '-in', join(directory, 'key.pem'), '-noout', '-text']).toString()).toContain('ED25519');
      expect(isFingerprint(fingerprintOf(line))).toBe(true);
      const printed = printedBySsh(join(directory, 'key.pub'));
      if (printed !== null) expect(printed).toContain(fingerprintOf(line));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/** Null on a machine without it: the fingerprint is then held against a known one alone. */
function printedBySsh(path: string): string | null {
  try {
    return execFileSync('ssh-keygen', ['-lf', path]).toString();
  } catch {
    return null;
  }
}

describe('a public key', () => {
  it('is read from its line, with a comment or without, and from PEM', () => {
    for (const source of [line, `${line} mia@laptop\n`, publicKeyPem(line)]) expect(publicKeyLine(parsePublicKey(source) ?? expect.unreachable())).toBe(line);
    // Of RFC 8709's form; the fingerprint as ssh-keygen 9.2 printed it.
    expect(fingerprintOf('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl')).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  });

  it.each(['', 'ssh-rsa AAAA', 'ssh-ed25519 AAAA', line.slice(0, -4), `${line.slice(0, 40)}!`, pem])('is none of %j', (source) => {
    expect(parsePublicKey(source)).toBeNull();
  });
});
