/** How the archive of a log says that something is wrong: one sentence of what to do for each kind. */
import { HoldfastFailure, type FailureType } from '../../domain/failures.ts';

const hints = {
  WalConflict: 'Nothing was overwritten. Find the other server that writes as this component; a server that was rewound begins a new timeline.',
  RepositoryDamaged: 'The repository\'s disk or somebody changed it. Nothing was removed; find out what happened before anything is restored from this log.',
  ArtifactDamaged: 'Use another repository\'s copy of this segment, or a base backup taken after it.',
  BrokenStream: 'It is tried again; nothing unfinished is kept.',
  InvalidInput: 'Give the cluster and the segment as the server names them.',
} as const satisfies Partial<Record<FailureType, string>>;

export function walFailure(type: keyof typeof hints, operation: string, object: string, cause: string, error?: unknown): HoldfastFailure {
  return new HoldfastFailure(type, { operation, object, cause, hint: hints[type] }, { cause: error });
}

/** A file that cannot be a segment of this log: the source's fault, not the repository's. */
export const refusedSegment = (object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('ArtifactDamaged', { operation: 'archive a segment', object, cause, hint: 'Nothing was stored. Look at what wrote the file: a segment is archived when it is whole.' });
