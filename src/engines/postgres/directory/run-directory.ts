/** Where a run lays its copy out, and how it is found again. Pure. */
import { run16 } from '../../../containers/labels.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';

/** Written before the first thing is made: without it, a repair has nothing to look for. */
export const directoryNoteKey = (component: string): string => `postgres-directory-${component}`;

/** What stands ready, once it does. */
export const preparedNoteKey = (component: string): string => `postgres-directory-prepared-${component}`;

/** Below the data directory, so that it lies on its file system whatever is mounted where; pg_basebackup leaves out what begins like this (databases.md T8). */
export const runDirectory = (owner: RunOwner, component: string): string => `pgsql_tmp.holdfast/${run16(owner, component)}`;

/** `pgsql_tmp.holdfast/<run16>` of a path below it. */
export const runDirectoryOf = (path: string): string => path.split('/').slice(0, 2).join('/');
