/** The `check` of an artifact source for tests whose streams check themselves: reads one to its end. */
import type { ArtifactSource } from '../../src/engines/engine-context.ts';

export const checkByReading = (open: ArtifactSource['open']): ArtifactSource['check'] => async (artifact) => {
  for await (const chunk of await open(artifact)) void chunk;
};
