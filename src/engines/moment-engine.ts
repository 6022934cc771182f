/**
 * The contract with an engine that can bring a component back to any moment of a log that is kept: beside the live data, paused there and read-only, until it is
 * told to become the live data. Called from activities, by the rules of engine.ts; everything up to {@link MomentEngine.finish} may be run again, also with another moment.
 */
import type { ComponentCutOver } from '../domain/rollback.ts';
import type { Condition } from '../domain/find/condition.ts';
import type { Candidates, Stop } from '../domain/find/narrowing.ts';
import type { Component } from '../domain/service.ts';
import type { Landing, LogEnd } from '../domain/wal/landing.ts';
import type { ArtifactSource, EngineContext, KeptLog, PreparedComponent } from './engine-context.ts';

export interface MomentRecovery extends KeptLog, Landing {
  readonly source: ArtifactSource;
  readonly timeline: number;
}

/** Where a recovery stands. Travels as JSON. */
export interface ReachedMoment {
  /** The server's own words: `before commit of transaction 735, time 2026-11-23 01:47:05.1+00`. */
  readonly stop: string;
  /** Everything before it is replayed. */
  readonly lsn: string;
  /** When the last replayed transaction committed, ISO 8601 UTC with microseconds; null where none was behind the base backup's begin. */
  readonly lastCommitAt: string | null;
}

/** Recovered, and not yet a server of its own: `prepared.cutOver` names the place, and leads nowhere before it is finished. */
export interface RecoveredComponent {
  readonly prepared: PreparedComponent;
  readonly reached: ReachedMoment;
}

/** Which commits of a log are asked for: those that changed the catalog, or took rows away as well, or all. */
export type ChangesSought = 'dropped' | 'shrunk' | 'any';

export interface SurveyRequest extends KeptLog {
  readonly timeline: number;
  readonly changes: ChangesSought;
  /** Commit records that begin from the one position on, and not behind the other. */
  readonly since: bigint;
  readonly until: bigint;
  /** From the first commit that is not before the one instant on, up to the last before one that is behind the other (ISO 8601 UTC with microseconds). */
  readonly sinceAt: string | null;
  readonly untilAt: string | null;
  /** What is asked about, as {@link Look.tables}: of each commit it is said from where on it had all of them to itself. Of none unless given. */
  readonly tables?: readonly string[];
}

/** Of more commits than can be named a sample, the heaviest among it. */
export interface LogSurvey extends Candidates {
  /** The first commit behind `untilAt`: where that instant ends. Null where the log ends before. */
  readonly cut: bigint | null;
}

/** What a condition came to at one stop. */
export interface Look {
  /** Rows, where they were counted; null where a table was locked by a transaction that had not ended. */
  readonly value: boolean | number | null;
  /** Why the condition could not be asked there, in the server's words: what it names is not there. */
  readonly note: string | null;
  /** Where rows are counted: the tables that have them, `<database>/<table>` by their OIDs. */
  readonly tables?: readonly string[];
  /** Full id of a transaction that none had reached yet. */
  readonly nextXid: string;
  /** The last commit that belongs to it, ISO 8601 UTC with microseconds; null where none was behind the base backup's begin. */
  readonly lastCommitAt: string | null;
}

export interface LogWalk extends KeptLog {
  readonly source: ArtifactSource;
  readonly timeline: number;
  /** In the order of the log, none before the base backup's end. */
  readonly stops: readonly Stop[];
  readonly condition: Condition;
}

export interface MomentEngine<C extends Component = Component> {
  /** Where the log ends: what tells whether a moment lies in it. @throws ArtifactDamaged, CouldNotVerify, NotEnoughSpace, PointUnreachable, HelperLost */
  readLogEnd(ctx: EngineContext, log: KeptLog): Promise<LogEnd>;

  /** Reads the log, a bounded part at a time; rows are counted, not read. @throws ArtifactDamaged, CouldNotVerify, NotEnoughSpace, RepositoryUnreachable, HelperLost */
  surveyLog(ctx: EngineContext, request: SurveyRequest): Promise<LogSurvey>;

  /**
   * Recovers into a volume of this run, away from the live data, to each of the stops, and asks the condition there. Leaves nothing, whatever happens.
   * @throws InvalidInput with the server's words where a query is none, CouldNotVerify where it takes too long, and what a recovery may
   */
  lookAlong(ctx: EngineContext, component: C, walk: LogWalk): Promise<readonly Look[]>;

  /**
   * Recovered to the moment beside the live data, whatever state that is in, and compared with it where it answers. Of one that this run has recovered before
   * only the rest is replayed, where the moment lies behind. @throws PointUnreachable, ArtifactDamaged, VersionMismatch, ExtensionMissing, NotEnoughSpace, UnsupportedTopology, RestoreFailed, HelperLost
   */
  recover(ctx: EngineContext, component: C, recovery: MomentRecovery): Promise<RecoveredComponent>;

  /**
   * SQL in what this run has recovered, read-only by its nature: for looking before the yes. Answers what psql prints, as a table or as CSV. @param database null: the
   * component's own @throws ContainerNotFound where nothing of this run stands ready, InvalidInput with the server's words where the SQL is refused
   */
  query(ctx: Pick<EngineContext, 'owner' | 'runtime' | 'signal' | 'timing'>, component: C, query: { readonly sql: string; readonly database: string | null; readonly csv: boolean }): Promise<string>;

  /**
   * After the approval, while the live server still serves: what stands at `reached` becomes a server of its own and is shut down, ready to be exchanged. Where it
   * does not stand there any more it is recovered anew, and must come to the same position. @param planned of the plan: what it would replace has to be that still
   * @throws PlanChanged, ContainerRecreated, and what {@link recover} may
   */
  finish(ctx: EngineContext, component: C, recovery: MomentRecovery, reached: ReachedMoment, planned?: ComponentCutOver): Promise<PreparedComponent>;
}
