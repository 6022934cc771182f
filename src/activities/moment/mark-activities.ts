/** Marks: a moment gets a name. The place in the log is the engine's to make; whether a restore will find the way to it is looked at here. */
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { Mark, MarkedPosition } from '../../domain/point.ts';
import type { RunOwner } from '../../domain/run-owner.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { ReachableMoments } from '../../domain/wal/reachable.ts';
import { segmentName } from '../../domain/wal/segment.ts';
import type { Repository } from '../../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext, refuseBusyStore } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { reachableMoments } from './reachable-moments.ts';

export interface PlacedMark extends Pick<Mark, 'name' | 'component' | 'timeline' | 'lsn' | 'at'> {
  /** What may keep a restore from coming back to it. */
  readonly warnings: readonly string[];
}

interface MarkRequest {
  readonly service: string;
  readonly component: PostgresComponent;
  readonly name: string;
  readonly reason?: string;
  readonly requestedBy?: string;
}

export function createMarkActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * One place in the log for one name. Run again, it answers what this run has recorded: several places may have been made then, and one counts. A mark that
     * nothing will ever lead to is refused, before its name is taken.
     * @throws AlreadyExists, PointUnreachable, UnsupportedTopology, ContainerNotFound, ContainerNotRunning, DatabaseUnreachable, ForeignFence, RepositoryDamaged
     */
    async placeMark(input: MarkRequest): Promise<PlacedMark> {
      const { service, component, name } = input;
      const repository = firstRepository(dependencies, service);
      const owner = currentOwner(dependencies);
      const known = await ownMark(repository, input, owner);
      if (known !== null) return placed(known, []);
      if (component.wal === undefined) throw unreachable(input, `no log of ${component.container} is kept`, 'Have it kept (`wal: stream` or `wal: archive` under postgres in holdfast.yaml) and take a base backup: holdfast backup --kind base.');
      const reachable = await reachableMoments(repository, { service, component: component.name });
      if (reachable === null) throw unreachable(input, 'there is no base backup to come back from', 'Take one, then mark: holdfast backup --kind base.');
      await refuseBusyStore(dependencies, await dependencies.runtime.inspect(component.container));
      const position = await inEngineContext(dependencies, service, (context) => engineOf(dependencies, component).mark(context, component, name));
      if (position === null) throw unreachable(input, `${component.name} keeps no log`, 'Take a backup instead: holdfast backup.');
      const warnings = obstacles(input, position, reachable.systemIdentifier === position.systemIdentifier ? reachable : await reachableMoments(repository, { service, component: component.name, systemIdentifier: position.systemIdentifier }));
      return placed(await record(repository, input, position, owner), warnings);
    },
  };
}

/** The mark of this name, where this very run has made it. @throws AlreadyExists where another has */
async function ownMark(repository: Repository, { service, name }: MarkRequest, owner: RunOwner): Promise<Mark | null> {
  const mark = await repository.readMark(service, name);
  if (mark === null || mark.run?.runId === owner.runId) return mark;
  throw new HoldfastFailure('AlreadyExists', { operation: 'mark the moment', object: `${service}/${name}`, cause: `${mark.at} has that name`, hint: 'A mark is never moved: give another name (holdfast mark --list shows those there are).' });
}

async function record(repository: Repository, input: MarkRequest, position: MarkedPosition, run: RunOwner): Promise<Mark> {
  const { service, component, name, reason, requestedBy } = input;
  const mark: Mark = { format: 1, name, component: component.name, ...position, run, ...(reason === undefined ? {} : { reason }), ...(requestedBy === undefined ? {} : { requestedBy }) };
  try {
    await repository.recordMark(service, mark);
    return mark;
  } catch (error) {
    if (!isFailure(error, 'AlreadyExists')) throw error;
    // Another attempt of this run was quicker, or another run: the first writer's counts.
    const winner = await ownMark(repository, input, run);
    if (winner === null) throw error;
    return winner;
  }
}

/** What a person should know of the way back. @throws PointUnreachable behind a gap: what is missing there never comes */
function obstacles(input: MarkRequest, { timeline }: MarkedPosition, reachable: ReachableMoments | null): readonly string[] {
  if (reachable === null) return [];
  if (reachable.timeline !== timeline || !reachable.historyKnown) return [`The repository knows nothing of timeline ${timeline} yet: see holdfast wal status.`];
  const { newest, segmentSizeBytes } = reachable;
  if (newest === null) throw unreachable(input, `no base backup lies on timeline ${timeline}`, 'Take one, then mark: holdfast backup --kind base.');
  if (newest.gap !== null) throw unreachable(input, `segment ${segmentName(newest.gap, segmentSizeBytes)} is missing behind base backup ${newest.backupId}, the last there is`, 'Take a new one, then mark: holdfast backup --kind base.');
  return newest.complete ? [] : [`The log behind base backup ${newest.backupId} is not in the repository yet: see holdfast wal status.`];
}

const placed = ({ name, component, timeline, lsn, at }: Mark, warnings: readonly string[]): PlacedMark => ({ name, component, timeline, lsn, at, warnings });

const unreachable = ({ service, name }: MarkRequest, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('PointUnreachable', { operation: 'mark the moment', object: `${service}/${name}`, cause: `nothing would lead back to it: ${cause}`, hint });
