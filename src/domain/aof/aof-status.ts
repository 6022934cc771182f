/** How the append-only file of a component is archived, as its host's worker last saw it. Travels as JSON. */
import type { StatusFailure } from '../wal/log-status.ts';

export interface AofStatus {
  readonly format: 1;
  readonly service: string;
  readonly component: string;
  /** When the worker last looked, by its clock. */
  readonly lookedAt: string;
  readonly follower: 'running' | 'started' | 'waitingForDatabase' | 'failing';
  /** Why it is not followed, or does not help: what is written now could not be come back to. */
  readonly failure: StatusFailure | null;
  readonly repositories: readonly {
    readonly name: string;
    /** Up to this instant the repository knows everything; null where it is not known. */
    readonly coveredAt: string | null;
    readonly failure: StatusFailure | null;
  }[];
  /** The worker has ended since. */
  readonly ended?: boolean;
}
