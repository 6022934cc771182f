/** Secrets that a service needs to be rebuilt and no backup holds: where each is kept, and whether it was there when a drill asked for it. No secret is in here. Pure. */
import type { SecretReference } from '../secret-reference.ts';
import { counted } from '../wording.ts';
import { checkName, drillCheck, type DrillCheck } from './check.ts';

/** More would be a store of secrets, and not what somebody fetches at night. */
export const mostKeys = 50;

export interface DrillKey {
  readonly name: string;
  readonly kept: SecretReference;
}

/** What came of looking for one. Stays in reports. */
export interface FoundKey {
  readonly name: string;
  /** Where it is kept: {@link placeText}. */
  readonly place: string;
  readonly found: boolean;
  /** Why it was not; empty where it was. */
  readonly why: string;
}

/** `file /escrow/api.key`, `environment variable API_KEY` */
export const placeText = (reference: SecretReference): string => ('env' in reference ? `environment variable ${reference.env}` : `file ${reference.file}`);

export const missingKeys = (keys: readonly FoundKey[]): readonly FoundKey[] => keys.filter(({ found }) => !found);

/** Found is what can be told: nothing in a repository is encrypted, so there is nothing to try a key on. */
export function keysCheck(keys: readonly FoundKey[]): DrillCheck {
  const missing = missingKeys(keys);
  if (missing.length > 0) return drillCheck(checkName('keys'), null, 'keyMissing', `${counted(missing.length, 'key')} of ${keys.length} not found: ${missing.map(({ name, place, why }) => `${name} (${place}: ${why})`).join('; ')}.`);
  return drillCheck(checkName('keys'), null, 'asExpected', `Found where ${keys.length === 1 ? 'it is' : 'they are'} kept, and not tried, as nothing in the repository is encrypted: ${keys.map(({ name, place }) => `${name} (${place})`).join('; ')}.`);
}

/** What is asked of whoever can fetch them. */
export const askText = ({ name, place, why }: FoundKey): string => `The drill needs the key ${name}: bring it to ${place}, where the worker runs (${why})`;
