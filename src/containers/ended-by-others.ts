/** A throwaway server, or a helper, that somebody else ended: that says nothing of what it ran on. */
import { HoldfastFailure } from '../domain/failures.ts';
import type { ContainerFacts } from './container-runtime.ts';

/** 128 + HUP, INT, QUIT, KILL and TERM, with which an engine that is stopped, or whoever stops containers, ends one; and what the engine itself notes where it lost sight of it (a shim that died, an engine that was restarted). */
export const killedExitCodes: ReadonlySet<number> = new Set([129, 130, 131, 137, 143, 255]);

type Ended = Pick<ContainerFacts, 'name' | 'state' | 'exitCode' | 'oomKilled'>;

/** The engine, a signal, or the kernel for want of the host's memory; not its own memory limit, which belongs to what it is given to run on. Pure. */
export const endedByOthers = ({ state, exitCode, oomKilled }: Ended): boolean => !oomKilled && (state !== 'exited' || exitCode === null || killedExitCodes.has(exitCode));

export const lostServer = (operation: string, { name, state, exitCode }: Omit<Ended, 'oomKilled'>): HoldfastFailure =>
  new HoldfastFailure('HelperLost', { operation, object: name, cause: `it is ${state} (exit code ${exitCode ?? 'none'}): somebody else ended it`, hint: 'The step is tried again.' });

/** With 0 a server ends that was told to: what it cannot start on, it ends with something else for. Pure. */
export const toldToEnd = ({ state, exitCode }: Pick<Ended, 'state' | 'exitCode'>): boolean => state === 'exited' && exitCode === 0;

/** What the end of a server that is waited for means where it is not its own doing; null where it is. */
export type EndedFrom = (operation: string, facts: ContainerFacts) => HoldfastFailure | null;

/** Of a live server that was just started: the step starts it again. One that ends like this though nobody started it is not to be waited for. */
export const toldToEndAtStart: EndedFrom = (operation, facts) =>
  (toldToEnd(facts) ? new HoldfastFailure('DatabaseUnreachable', { operation, object: facts.name, cause: 'somebody told it to end while it started (exit code 0)', hint: 'The step is tried again.' }) : null);
