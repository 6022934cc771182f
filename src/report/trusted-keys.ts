/** Whose signature is believed (ADR 30). Pure. */

/** Fingerprints; null where nobody said whom to trust. Never empty. */
export type TrustedKeys = readonly string[] | null;

/** Does what this key signed count? Where nobody said whom to trust any key's does, and whoever reads is told whose it is. */
export const isTrusted = (trusted: TrustedKeys, fingerprint: string): boolean => trusted === null || trusted.includes(fingerprint);
