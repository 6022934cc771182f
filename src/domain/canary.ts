/** What a backup writes into each store just before it is read, so that a drill can tell by it whether that very backup came back. Pure. */

export interface Canary {
  /** 32 hex digits, made of the run that takes the backup: the same in all of its stores, and in no other run's. */
  readonly nonce: string;
  /** ISO 8601 UTC, before the first store's snapshot was taken. */
  readonly writtenAt: string;
}

/** As a manifest keeps it. */
export interface WrittenCanary extends Canary {
  /** Names of the stores that took it, at least one. */
  readonly components: readonly string[];
}

/** The table that has it as its only row, as content names tables. */
export const canaryTable = 'holdfast.canary';

/** What a store holds in its place, or null where that is none. */
export function canaryFrom(value: unknown): Canary | null {
  if (typeof value !== 'object' || value === null) return null;
  const { nonce, writtenAt } = value as Readonly<Record<string, unknown>>;
  if (typeof nonce !== 'string' || typeof writtenAt !== 'string' || Number.isNaN(Date.parse(writtenAt))) return null;
  return { nonce, writtenAt: new Date(writtenAt).toISOString() };
}
