/** What to type so that a container runs. Pure. */
import type { ContainerFacts } from './container-runtime.ts';

/** The engine refuses to start one that is paused. */
export const howToRun = ({ name, state }: Pick<ContainerFacts, 'name' | 'state'>): string => `docker ${state === 'paused' ? 'unpause' : 'start'} ${name}`;
