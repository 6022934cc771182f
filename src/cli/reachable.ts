/** The moments that each PostgreSQL of a service can be come back to: what `list` shows above the backups. Changes nothing and needs nothing running. */
import { isFailure } from '../domain/failures.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import { formatLsn } from '../domain/wal/lsn.ts';
import type { ReachableMoments } from '../domain/wal/reachable.ts';
import { segmentName } from '../domain/wal/segment.ts';
import type { Repository } from '../repository/repository.ts';
import { stateDirectory } from '../worker/local/state-directory.ts';
import { reachableHere } from '../worker/wal/reachable-here.ts';

export interface ReachableComponent {
  readonly component: string;
  /** Is its log kept, or only what base backups brought along? */
  readonly logKept: boolean;
  /** Null where there is no base backup, or it is not known. */
  readonly moments: ReachableMoments | null;
  /** Why it is not known. */
  readonly failure: { readonly cause: string; readonly hint: string } | null;
}

/** In the first of the repositories, which a restore reads from. An archive that cannot be read is an answer, never a reason to show nothing. */
export async function readReachable(repository: Repository | undefined, service: ServiceDefinition, environment: NodeJS.ProcessEnv): Promise<readonly ReachableComponent[]> {
  const found: ReachableComponent[] = [];
  for (const component of service.components) {
    if (component.engine !== 'postgres' || repository === undefined) continue;
    const about = { component: component.name, logKept: component.wal !== undefined };
    try {
      found.push({ ...about, moments: await reachableHere(repository, service.name, component.name, stateDirectory(environment)), failure: null });
    } catch (error) {
      if (!isFailure(error)) throw error;
      found.push({ ...about, moments: null, failure: { cause: error.fields.cause, hint: error.fields.hint } });
    }
  }
  return found;
}

/** The same as JSON: positions as the server prints them. */
export function reachableObject({ component, moments, failure }: ReachableComponent): object {
  const windows = moments?.windows.map(({ begin, end, bases, timeline, gap }) => ({
    begin: { at: begin.at, lsn: formatLsn(begin.lsn) }, end: { at: end.at, lsn: formatLsn(end.lsn) }, bases, timeline, missing: gap === null ? null : segmentName(gap, moments.segmentSizeBytes),
  })) ?? [];
  return { component, systemIdentifier: moments?.systemIdentifier ?? null, timeline: moments?.timeline ?? null, windows, failure };
}
