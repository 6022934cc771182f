/** Libraries that a server loads at its start: an image without one of them starts no server. Whichever helper runs first is given their names, before anything is unpacked or dropped. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { failedStep } from './postgres-helper.ts';
import { preloadLibraries } from './preload-settings.ts';

/** What `require_libraries` of prelude.sh reads, a line each. */
export const librariesFile = (libraries: readonly string[]): { readonly libraries: string } => ({ libraries: libraries.map((library) => `${library}\n`).join('') });

/** What a helper failed with whose image lacks some of them; null where it failed with something else. @param image as its user knows it */
export function librariesFailure(result: HelperResult, call: { readonly operation: string; readonly object: string }, image: string): HoldfastFailure | null {
  const { step, messages } = failedStep(result);
  if (step !== 'libraries') return null;
  return new HoldfastFailure('ExtensionMissing', {
    ...call, cause: `the image ${image} lacks ${messages.trim().split('\n').join(', ')}, which the server that was backed up loads at its start (${preloadLibraries})`,
    hint: 'This says nothing about the backup, and nothing was changed: use an image that has it.',
  });
}
