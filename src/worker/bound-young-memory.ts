/** Where young objects live does not grow any more: what streams leave behind is collected sooner instead, and a worker stays as small as it is idle. */
import { setFlagsFromString } from 'node:v8';

/**
 * For the rest of the process, its threads included. V8 doubles that space up to 32 MB for each of them where much is allocated, and then touches all of it; a
 * worker that moves data allocates much and keeps nothing. The flag is read each time that the space would grow.
 */
export const boundYoungMemory = (): void => setFlagsFromString('--semi-space-growth-factor=1');
