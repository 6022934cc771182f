/** What a container's state says of the files it has. Pure. */
import type { ContainerFacts } from './container-runtime.ts';

export const isStopped = ({ state }: Pick<ContainerFacts, 'state'>): boolean => state === 'exited' || state === 'created' || state === 'dead';

/** Could it write, or be about to? */
export const isAtWork = ({ state }: Pick<ContainerFacts, 'state'>): boolean => !isStopped({ state }) && state !== 'removing';
