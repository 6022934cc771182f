/** Where a run lays its copy out, and how it is found again. Pure. */
import { identityOf, run16 } from '../../../containers/labels.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';

/** Written before the first thing is made: without it, a repair has nothing to look for. */
export const directoryNoteKey = (component: string): string => `postgres-directory-${component}`;

/** Of the server that recovers, and of what lays its directory out. */
const runDirectorySteps: ReadonlySet<string> = new Set(['recovery', 'recovery-arrange', 'recovery-aim', 'finish']);

/** Below the data directory, so that it lies on its file system whatever is mounted where; pg_basebackup leaves out what begins like this (databases.md T8). */
export const runDirectory = (owner: RunOwner, component: string): string => `pgsql_tmp.holdfast/${run16(owner, component)}`;

/**
 * Does this container work in a directory of some run of ours, below the data directory and nowhere else? It may go on while entries beside that are exchanged: another
 * restore may stand paused there, waiting for its yes.
 */
export function worksInRunDirectory(labels: Readonly<Record<string, string>>): boolean {
  const identity = identityOf(labels);
  return identity !== null && (identity.kind === 'scratch' || identity.kind === 'helper') && runDirectorySteps.has(identity.step);
}

/** `pgsql_tmp.holdfast/<run16>` of a path below it. */
export const runDirectoryOf = (path: string): string => path.split('/').slice(0, 2).join('/');
