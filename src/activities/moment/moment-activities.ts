/** Coming back to a moment: found, recovered beside the live data, finished after the approval. Nothing live changes here. */
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { parsePoint, type Point } from '../../domain/point.ts';
import type { ComponentCutOver } from '../../domain/rollback.ts';
import type { Component, PostgresComponent } from '../../domain/service.ts';
import { exposureOf } from '../../domain/wal/exposure.ts';
import { landingOf, targetText, type LogEnd } from '../../domain/wal/landing.ts';
import { formatLsn, parseLsn } from '../../domain/wal/lsn.ts';
import { leftOnTheWay } from '../../domain/wal/timeline.ts';
import { counted } from '../../domain/wording.ts';
import type { EngineContext, KeptLog, PreparedComponent } from '../../engines/engine-context.ts';
import type { MomentEngine, MomentRecovery, ReachedMoment, RecoveredComponent } from '../../engines/moment-engine.ts';
import type { Repository } from '../../repository/repository.ts';
import { engineOf, firstRepository, inEngineContext, repositoryNamed } from '../activity-run.ts';
import { sourceOf } from '../artifacts.ts';
import { readIfThere } from '../base-backups.ts';
import { writeMarkOf } from '../cut-over-state.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { inDrill } from '../drill/drill-context.ts';
import { referenceTo, type BackupReference } from '../proof-activities.ts';
import { bringNewestLog, withNewestLog } from '../wal/newest-log.ts';
import { keyOf, locateMoment, pathOf, type LocatedMoment } from './locate-moment.ts';
import { makeInstant, type MadeInstant } from './make-instant.ts';

export interface PointInput {
  readonly service: string;
  readonly component: Component;
  /** As `parsePoint` reads it, a relative one already resolved. */
  readonly point: string;
  readonly inclusive: boolean;
  readonly timeline?: number;
  /** The one that the live server is on, where that is known. */
  readonly liveTimeline?: number;
  /** The cluster that is live, or the one that is asked for: decimal system identifier. */
  readonly cluster?: string;
}

/** The way to a point, settled: whatever is archived or backed up later, it leads to the same position. */
export interface LocatedPoint {
  readonly base: { readonly backupId: string; readonly manifestSha256: string; readonly endAt: string };
  readonly cluster: string;
  readonly timeline: number;
  /** What recovery is told, as a point, and whether that belongs to it. */
  readonly target: string;
  readonly inclusive: boolean;
  readonly segments: number;
}

export interface RecoveredPoint extends RecoveredComponent {
  /** The live server's transaction counter when the losses were counted; null where it does not answer. */
  readonly readyMark: string | null;
}

export interface Companion {
  readonly backup: BackupReference;
  /** When the component's data in it is of. */
  readonly at: string;
  /** Its append-only file is archived: that may lead nearer. False unless given. */
  readonly aof?: boolean;
}

/** A backup in a repository that is named. */
export interface BackupIn {
  readonly repository: string;
  readonly backupId: string;
}

export interface LocatedInput {
  readonly service: string;
  readonly component: Component;
  readonly located: LocatedPoint;
}

export function createMomentActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * The base backup and the log that lead to a point, and where recovery will be told to stop. Reads the repository, and the end of the log; what is not there yet is
     * asked for once.
     * @throws PointUnreachable with what is missing and what is nearest, UnknownBackup, UnsupportedTopology, ArtifactDamaged, CouldNotVerify
     */
    locatePoint: (input: PointInput): Promise<LocatedPoint> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const bring = (): Promise<boolean> => bringNewestLog(dependencies, input.service, input.component, context.signal);
        const { kind } = parsePoint(input.point, dependencies.nowMs());
        // Of these nobody can tell beforehand whether the newest of the log belongs to their way.
        const isBrought = (kind === 'latest' || kind === 'xid') && await bring();
        try {
          return (await locateNow(dependencies, context, firstRepository(dependencies, input.service), input)).point;
        } catch (error) {
          if (isBrought || !isFailure(error, 'PointUnreachable') || !(await bring())) throw error;
          return (await locateNow(dependencies, context, firstRepository(dependencies, input.service), input)).point;
        }
      }),

    /** Recovered beside the live data and compared with it, paused. @throws what the engine's recovery throws; ContainerNotFound */
    recoverToPoint: (input: LocatedInput): Promise<RecoveredPoint> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { moments, component } = momentsOf(dependencies, input.component);
        const { prepared, reached } = await withRecovery(dependencies, input, (recovery) => moments.recover(context, component, recovery));
        const notes = [...await notesOfTheWay(dependencies, input, reached), ...prepared.notes];
        return { prepared: { ...prepared, notes }, reached, readyMark: await writeMarkOf(dependencies, context, component, prepared.cutOver) };
      }),

    /** After the approval: what stands there is made ready to be exchanged, for what the plan was made for. @throws PlanChanged, ContainerRecreated and what the engine throws */
    finishRecovery: (input: LocatedInput & { reached: ReachedMoment; planned?: ComponentCutOver }): Promise<PreparedComponent> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { moments, component } = momentsOf(dependencies, input.component);
        return withRecovery(dependencies, input, (recovery) => moments.finish(context, component, recovery, input.reached, input.planned));
      }),

    /** The backup that a store without a log of its own comes from: the newest of it that was taken by that instant, else the oldest after it. What was imported is none: nobody saw it taken. @param input.of a backup whose own end the instant is: what it holds of the store goes before these @throws UnknownBackup */
    async findCompanion(input: { service: string; component: string; at: string; of?: string; repository?: string }): Promise<Companion> {
      const repository = input.repository === undefined ? firstRepository(dependencies, input.service) : repositoryNamed(dependencies, input.repository);
      const taken: (Companion & { readonly sequence: number })[] = [];
      let imported = 0;
      for (const id of await repository.listBackups(input.service)) {
        const read = await readIfThere(repository, input.service, id);
        const own = read?.manifest.components.find((each) => each.component === input.component);
        if (read === null || own === undefined) continue;
        if (read.manifest.imported === undefined) taken.push({ backup: referenceTo(read.manifest, read.sha256), at: own.snapshot.at, sequence: read.manifest.sequence });
        else imported += 1;
      }
      // By when the data is of; a number only tells apart what is of the same instant.
      const inOrder = taken.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.sequence - b.sequence);
      const chosen = inOrder.find(({ backup }) => backup.backupId === input.of) ?? inOrder.findLast(({ at }) => Date.parse(at) <= Date.parse(input.at)) ?? inOrder[0];
      const aof = chosen !== undefined && await repository.aof.isThere({ service: input.service, component: input.component });
      if (chosen !== undefined) return { backup: chosen.backup, at: chosen.at, ...(aof ? { aof } : {}) };
      throw new HoldfastFailure('UnknownBackup', {
        operation: 'find a backup of the other store', object: `${input.service}/${input.component}`, cause: imported === 0 ? 'no backup holds it' : `no backup holds it but ${counted(imported, 'imported one')}, whose time is only what a file was called`,
        hint: 'Restore the others alone: --only, with their names.',
      });
    },

    /**
     * A store without such a log, brought to the last second that ended by the instant by the archive of its append-only file; kept for this run as a backup is, and
     * gone with its notes. Where that leads nowhere it is told, and a backup has to do. @param input.like the backup that stands for a server which cannot be asked
     * @param input.beside of a drill, which asks nothing live: the repository, and that backup @throws what may be tried again
     */
    makeInstant: (input: { service: string; component: Component; at: string; like?: string; beside?: BackupIn }): Promise<MadeInstant> => {
      const { service, component, beside } = input;
      const made = async (context: EngineContext, repository: Repository, backupId: string): Promise<MadeInstant> => {
        const like = (await repository.readManifest(service, backupId)).manifest.components.find((each) => each.component === component.name);
        return like?.engine === 'redis' ? makeInstant(dependencies, context, input, { repository, like, isDrill: beside !== undefined }) : { unfit: 'no backup of it is there that would tell of its server' };
      };
      if (beside !== undefined) return inDrill(dependencies, { service, repository: beside.repository }, ({ context }) => made(context, repositoryNamed(dependencies, beside.repository), beside.backupId));
      return inEngineContext(dependencies, service, (context) => (input.like === undefined ? makeInstant(dependencies, context, input) : made(context, firstRepository(dependencies, service), input.like)));
    },
  };
}

/**
 * After a restore the log goes on from the moment that was come back to. A moment between that one and the restore lies on the timeline that was left, and the way along
 * the new one ends just where it was left: what was committed there is missing, though it was committed before the moment that was asked for.
 */
export async function notesOfTheWay(dependencies: ActivityDependencies, { service, component, located }: LocatedInput, { lsn }: ReachedMoment): Promise<readonly string[]> {
  const repository = firstRepository(dependencies, service);
  const read = await repository.readManifest(service, located.base.backupId);
  const backup = read.manifest.components.find((each) => each.component === component.name);
  if (backup?.engine !== 'postgres' || backup.method !== 'base') return [];
  const key = keyOf({ service, component: component.name }, { ...read, backup });
  const path = pathOf(located.timeline, await repository.wal.histories(key)) ?? [];
  return leftOnTheWay(path, backup.range.timeline, parseLsn(lsn) ?? 0n).map((left) => `The way along timeline ${located.timeline} leaves timeline ${left.timeline} at ${formatLsn(left.end)}: what was committed on timeline ${left.timeline} behind that, before a restore began the next, does not come back. To come back to a moment there: --timeline ${left.timeline}.`);
}

/** A way, and what was read to settle it. */
export interface SettledPoint {
  readonly point: LocatedPoint;
  readonly located: LocatedMoment;
  readonly end: LogEnd;
  /** The newest instant of which it is known that all that was committed by then is in the log; null where nothing tells. */
  readonly coveredAt: string | null;
}

/** By what lies in the repository. @throws as `locatePoint` */
export async function locateNow(dependencies: ActivityDependencies, context: EngineContext, repository: Repository, input: PointInput): Promise<SettledPoint> {
  const { moments, component } = momentsOf(dependencies, input.component);
  const { located, end } = await withNewestLog(() => locateMoment(repository, requestOf(input, component, parsePoint(input.point, dependencies.nowMs()))), async (found) => {
    // What needs no look into the log is not delayed by one.
    const needsEnd = found.moment.kind !== 'consistent' && found.moment.kind !== 'xid';
    return { located: found, end: needsEnd ? await moments.readLogEnd(context, await keptLog(repository, found)) : { lastRecord: found.coverage.end, lastCommit: null } };
  });
  const { moment, inclusive, coverage, base, key } = located;
  const { coveredAt } = exposureOf(await repository.wal.readSamples(key), coverage.end);
  const landing = landingOf(moment, inclusive, { base: { backupId: base.backupId, end: parseLsn(base.backup.range.end) ?? 0n }, end, coveredAt });
  const point: LocatedPoint = {
    base: { backupId: base.backupId, manifestSha256: base.manifestSha256, endAt: base.backup.range.endAt }, cluster: key.systemIdentifier, timeline: located.timeline,
    target: targetText(landing.target), inclusive: landing.inclusive, segments: located.files.length,
  };
  return { point, located, end, coveredAt };
}

/** @throws UnsupportedTopology for an engine that keeps no log */
function momentsOf(dependencies: ActivityDependencies, component: Component): { readonly moments: MomentEngine<PostgresComponent>; readonly component: PostgresComponent } {
  const { moments } = engineOf(dependencies, component);
  if (moments !== null && component.engine === 'postgres') return { moments, component };
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'come back to a moment', object: component.name, cause: `${component.engine} keeps no log that leads to any moment`, hint: 'Restore a backup: holdfast restore ID.' });
}

/** Work with the way that was located, as it lies in the repository now; more than once where that is replaced meanwhile, so it begins anew. @throws PlanChanged where the base backup is another one, and what locating throws */
export const withRecovery = <T>(dependencies: ActivityDependencies, input: LocatedInput, work: (recovery: MomentRecovery) => Promise<T>, repository = firstRepository(dependencies, input.service)): Promise<T> =>
  withNewestLog(() => recoveryOf(dependencies, input, repository), work);

async function recoveryOf(dependencies: ActivityDependencies, { service, component, located }: LocatedInput, repository: Repository): Promise<MomentRecovery> {
  const { base, cluster, timeline, target, inclusive } = located;
  const found = await locateMoment(repository, { ...requestOf({ service, inclusive, timeline, cluster }, component, parsePoint(target, dependencies.nowMs())), base: base.backupId });
  const { manifest, sha256 } = await repository.readManifest(service, base.backupId);
  if (found.moment.kind === 'latest' || sha256 !== base.manifestSha256) throw new HoldfastFailure('PlanChanged', { operation: 'find the way to the moment', object: base.backupId, cause: 'the base backup is another one than was found at first', hint: 'Start again.' });
  return { ...await keptLog(repository, found), source: sourceOf(repository, manifest), timeline, target: found.moment, inclusive: found.inclusive };
}

const requestOf = ({ service, inclusive, timeline, liveTimeline, cluster }: Pick<PointInput, 'service' | 'inclusive' | 'timeline' | 'liveTimeline' | 'cluster'>, component: Pick<Component, 'name'>, point: Point) => ({
  service, component: component.name, point, inclusive, ...(timeline === undefined ? {} : { timeline }), ...(liveTimeline === undefined ? {} : { liveTimeline }), ...(cluster === undefined ? {} : { systemIdentifier: cluster }),
});

/** @throws UnsupportedTopology where the engine's host cannot read the archive as files */
export async function keptLog(repository: Repository, { key, base, files }: LocatedMoment): Promise<KeptLog> {
  if (files.length === 0) return { backup: base.backup, files, archive: null };
  const directory = await repository.wal.hostDirectory(key);
  if (directory !== null) return { backup: base.backup, files, archive: { type: 'bind', source: directory } };
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'read the archived log', object: `${key.service}/${key.component}`, cause: 'the repository holds no archive of it that lies on the Docker host', hint: 'Use a repository on a path of that host.' });
}
