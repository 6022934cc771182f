/** The image whose tools go on with what an earlier run recorded: an upgrade and a clean-up of the engine take the one of then away. */
import { HoldfastFailure } from '../domain/failures.ts';
import type { ContainerRuntime } from './container-runtime.ts';

/** What was recorded with the image of its container. */
export interface RecordedImage {
  readonly imageId: string;
  /** By name: the one that bears it now. */
  readonly container: string;
}

/**
 * The same, with the image of the container that is there now where the recorded one is not on this engine any more. Its tools move and remove files; whether what they
 * read is of a version that they know is the caller's to ask. @throws ImageMissing where neither is there
 */
export async function withImageAtHand<T extends RecordedImage>(runtime: Pick<ContainerRuntime, 'find' | 'findImage'>, recorded: T): Promise<T> {
  if (await runtime.findImage(recorded.imageId) !== null) return recorded;
  const container = await runtime.find(recorded.container);
  if (container !== null && await runtime.findImage(container.imageId) !== null) return { ...recorded, imageId: container.imageId };
  throw new HoldfastFailure('ImageMissing', {
    operation: 'find an image to work with', object: recorded.container, cause: `the image of then (${recorded.imageId}) is not on this engine any more, and ${container === null ? 'there is no container of that name whose image would do' : `neither is that of the container (${container.image})`}`,
    hint: `Make ${recorded.container} again, of an image of the same version; it need not be started. Nothing was changed.`,
  });
}
