/** Asserting how something fails: by the stable type, never by the text. */
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { FailureType } from '../../src/domain/failures.ts';

/** The failure that the work ends with, of this type. @throws when it succeeds or ends with anything else */
export async function failing(type: FailureType, work: Promise<unknown> | (() => Promise<unknown>)): Promise<HoldfastFailure> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof HoldfastFailure && error.type === type) return error;
    throw new Error(`expected ${type}, got ${error instanceof HoldfastFailure ? error.type : 'another error'}: ${String(error)}`, { cause: error });
  }
  throw new Error(`expected ${type}, but nothing failed`);
}
