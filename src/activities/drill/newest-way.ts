/** How far a service would come back if it were gone now, by the logs that it keeps: told by what lies in the repository, as a rebuild finds it, whether or not it is brought back. */
import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { DrilledComponent } from '../../domain/drill/drill-report.ts';
import { newestCovered } from '../../domain/drill/newest-covered.ts';
import { keepsLog } from '../../domain/drill/promised-loss.ts';
import type { Covered } from '../../domain/drill/recovery-times.ts';
import { isFailure } from '../../domain/failures.ts';
import type { LogFile } from '../../domain/wal/log-file.ts';
import { formatLsn } from '../../domain/wal/lsn.ts';
import { parseSegmentName, segmentName } from '../../domain/wal/segment.ts';
import type { Repository } from '../../repository/repository.ts';
import { serviceNamed } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { locateInstant } from '../moment/locate-instant.ts';
import { locateNow, type LocatedPoint, type SettledPoint } from '../moment/moment-activities.ts';
import { drilledComponent, type DrillContext } from './drill-context.ts';

/** The way to the newest point of a store that keeps its log, settled: whatever is archived later, it leads to the same position. */
export interface DrillWay {
  /** Its name. */
  readonly component: string;
  readonly located: LocatedPoint;
  /** Null where nothing is archived behind the base backup. */
  readonly log: (NonNullable<DrilledComponent['log']> & { /** Over a line for each file, `<sha256> <name>`. */ readonly sha256: string }) | null;
  /** The instant that the way's end covers, and how that is known. */
  readonly at: string;
  readonly covered: Covered['source'];
  /** A segment that is missing though later ones are there: what lies behind it is lost. */
  readonly gap: string | null;
}

/** Of a store that keeps its log, in a drill that does not bring that back: where it leads; that it leads nowhere, so that a backup has to do; or that it could not be told. */
export type KeptWay = { readonly component: string } & ({ readonly covered: Covered } | { readonly nowhere: string } | { readonly unknown: string });

/** @throws as `locatePoint` */
export async function newestWay(dependencies: ActivityDependencies, { context, run }: DrillContext, repository: Repository, component: string): Promise<DrillWay> {
  return wayOf(component, await locateNow(dependencies, context, repository, { service: run.service, component: drilledComponent(dependencies, run, component), point: 'latest', inclusive: true }));
}

/** Failures that say nothing of the log, only that nobody could look. */
const untold: ReadonlySet<string> = new Set(['CouldNotVerify', 'ImageMissing', 'UnsupportedTopology', 'NotEnoughSpace', 'HelperFailed']);
/** One that passes is tried again by then; a drill is not given up for a figure. */
const triesAtMost = 3;

/** Of each store that keeps its log. @throws what may be tried again, a few times */
export async function keptWays(dependencies: ActivityDependencies, drill: DrillContext, repository: Repository): Promise<readonly KeptWay[]> {
  const ways: KeptWay[] = [];
  for (const { name: component, engine } of serviceNamed(dependencies, drill.run.service).components.filter(keepsLog)) {
    try {
      ways.push({ component, ...(engine === 'postgres' ? await ofLog(component) : await ofAppendOnlyFile(component)) });
    } catch (error) {
      drill.context.signal.throwIfAborted();
      if (!isFailure(error) || (error.retryable && activityInfo().attempt < triesAtMost)) throw error;
      const { cause } = error.fields;
      ways.push(error.retryable || untold.has(error.type) ? { component, unknown: cause } : { component, nowhere: cause });
    }
  }
  return ways;

  async function ofLog(component: string): Promise<{ readonly covered: Covered }> {
    const { at, log } = await newestWay(dependencies, drill, repository, component);
    return { covered: { at, source: log === null ? 'backup' : 'keptLog' } };
  }

  async function ofAppendOnlyFile(component: string): Promise<{ readonly covered: Covered } | { readonly nowhere: string }> {
    const { signal, progress } = drill.context;
    const at = new Date(dependencies.nowMs()).toISOString();
    const located = await locateInstant(repository.aof, { service: drill.run.service, component }, { at, signal, onBytes: (doneBytes) => progress({ phase: 'reading the archived AOF', doneBytes }) });
    return 'unfit' in located ? { nowhere: located.unfit } : { covered: { at: new Date((located.aof.second + 1) * 1000).toISOString(), source: 'keptAppendOnlyFile' } };
  }
}

function wayOf(component: string, { point, located: { base: { backup }, key, coverage, files, moment }, end, coveredAt }: SettledPoint): DrillWay {
  const segments = files.filter(({ name }) => parseSegmentName(name, key.segmentSizeBytes) !== null);
  const hasLog = moment.kind !== 'consistent' && segments.length > 0;
  const { at, source } = newestCovered({ baseEnd: backup.range.endAt, lastCommit: hasLog ? end.lastCommit?.at ?? null : null, reading: hasLog ? coveredAt : null });
  return {
    component, located: point, at, covered: source,
    log: hasLog ? { timeline: point.timeline, from: backup.range.begin, to: formatLsn(coverage.end), segments: segments.length, sha256: digestOf(segments) } : null,
    gap: coverage.gap ? segmentName(coverage.missing, key.segmentSizeBytes) : null,
  };
}

const digestOf = (files: readonly LogFile[]): string => createHash('sha256').update(files.map(({ name, sha256 }) => `${sha256} ${name}\n`).join('')).digest('hex');
