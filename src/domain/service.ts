/** A service recovers as one; its components share recovery points. Pure data, without secrets: this travels through Temporal. */
import type { SecretReference } from './secret-reference.ts';
import type { DrillSettings } from './drill/drill-settings.ts';
import type { Objectives } from './drill/objectives.ts';
import type { ProvePolicy } from './prove-policy.ts';
import type { RetentionPolicy } from './retention/policy.ts';
import type { ScheduleSettings } from './schedules/schedule-settings.ts';

/** `stream`: received beside the server, as it is written. `archive`: archived by the server itself, into a spool that is emptied from beside it. */
export type WalMode = 'stream' | 'archive';

export interface PostgresComponent {
  readonly engine: 'postgres';
  /** Unique within the service; `postgres` unless configured otherwise. */
  readonly name: string;
  readonly container: string;
  readonly database: string;
  readonly user: string;
  readonly password?: SecretReference;
  /** How its write-ahead log comes into the repositories, by the host's worker. Not at all unless given. */
  readonly wal?: WalMode;
  /** With `stream`: how often the segment that is being written goes to the repositories. As {@link import('./timing.ts').Timing.walPartialMs} says unless given. */
  readonly walPartialMs?: number;
}

export interface RedisComponent {
  readonly engine: 'redis';
  readonly name: string;
  readonly container: string;
  readonly user?: string;
  readonly password?: SecretReference;
  /** `archive`: its append-only file is followed beside the server and kept in the repository, so that it can be brought to the second of another store. Not kept unless given. */
  readonly aof?: 'archive';
}

export type Component = PostgresComponent | RedisComponent;

export interface HealthCheck {
  readonly url: string;
  readonly withinMs: number;
}

export interface ApprovalPolicy {
  /** Runbooks that need a human's yes. */
  readonly required: readonly ('restore' | 'undo' | 'accept')[];
  /** The approver must be another identity than the requester. */
  readonly fourEyes: boolean;
  readonly approvers: readonly string[];
  readonly expiresAfterMs: number;
}

/** Where a service is brought up when its own host is not to be had. */
export interface FailoverPlace {
  /** Another Docker host: its worker polls that host's task queue. */
  readonly host: string;
  /** The repository that is off site, by the name that it has on both hosts. */
  readonly repository: string;
}

export interface ServiceDefinition {
  readonly name: string;
  /** The Docker host that the containers run on; its activities are polled from this host's task queue. */
  readonly host: string;
  readonly version: string | null;
  /** In recovery order: `postgres` before `redis`. */
  readonly components: readonly Component[];
  readonly application: { readonly containers: readonly string[] } | null;
  readonly health: HealthCheck | null;
  /** Names of repositories; a configuration gives one: where backups are committed and restores read from. */
  readonly repositories: readonly string[];
  readonly approval: ApprovalPolicy;
  /** Whether a backup is proven right after it was taken. */
  readonly proveAfterBackup: boolean;
  /** Which of them are; each one or none, as {@link proveAfterBackup} says, unless given. */
  readonly prove?: ProvePolicy;
  /** Whether tables are hashed in the dump's snapshot (else only counted, and the manifest says so). */
  readonly contentHashes: boolean;
  /** Is a canary written into its stores before each backup? Nothing is unless given. */
  readonly canary?: true;
  /** PostgreSQL's snapshot and the Redis file may lie this far apart. */
  readonly skewLimitMs: number;
  /** When its runbooks start by themselves, once that is applied; by the defaults unless given. */
  readonly schedules?: ScheduleSettings;
  /** What it promises itself; the defaults unless given. */
  readonly objectives?: Objectives;
  /** How it is drilled; the newest backup, with no question of its own, unless given. */
  readonly drill?: DrillSettings;
  /** Where a failover is rehearsed; nowhere unless given. */
  readonly failover?: FailoverPlace;
  /** What `pruneBackups` keeps; the defaults unless given. */
  readonly retention?: RetentionPolicy;
  /** By the names of those repositories that have one of their own: whole, with the service's for what that leaves out. */
  readonly retentionIn?: Readonly<Record<string, RetentionPolicy>>;
}

/** The components with other containers in the place of their own, for a restore into a test environment. A component that `into` does not name is left out. */
export function componentsInto(components: readonly Component[], into: Readonly<Record<string, string>> | undefined): readonly Component[] {
  if (into === undefined) return components;
  return components.filter((component) => into[component.name] !== undefined).map((component) => ({ ...component, container: into[component.name] as string }));
}
