/** What activities are given: contracts only. worker/dependencies.ts builds the concrete ones. */
import type { ContainerRuntime } from '../containers/container-runtime.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { DatabaseEngine } from '../engines/engine.ts';
import type { OpenRun } from '../domain/retention/run-uses.ts';
import type { EngineName } from '../domain/engine-name.ts';
import type { SecretReference } from '../domain/secret-reference.ts';
import type { Component, PostgresComponent, ServiceDefinition, WalMode } from '../domain/service.ts';
import type { DrillReport } from '../domain/drill/drill-report.ts';
import type { Timing } from '../domain/timing.ts';
import type { LogStatus } from '../domain/wal/log-status.ts';
import type { SignedReport } from '../report/signed-report.ts';
import type { TrustedKeys } from '../report/trusted-keys.ts';
import type { Repository } from '../repository/repository.ts';
import type { LogServerFacts, SettingChange } from '../domain/wal/server-settings.ts';

/** What Temporal knows about runs and leases. Not found counts as ended only in our own namespace; an unreachable server never does. */
export interface RunDirectory {
  readonly namespaceId: string;
  /** The server's own version. @throws TemporalUnreachable */
  serverVersion(): Promise<string>;
  /** Are Holdfast's search attributes registered? Asked once per run, so that a replay never depends on the worker. */
  searchAttributesRegistered(): Promise<boolean>;
  /** @throws TemporalUnreachable */
  isOpen(workflowId: string, runId: string): Promise<boolean>;
  /** When the run ended, milliseconds since the epoch by the server's clock; null while it has not, 0 where nothing is known of it any more. @throws TemporalUnreachable */
  closedAtMs(workflowId: string, runId: string): Promise<number | null>;
  /** Runs that are open, of whatever service, by how they were started: those that began in the last seconds may be missing. @throws TemporalUnreachable */
  openRuns(runbooks: readonly string[]): Promise<readonly OpenRun[]>;
  /** Does the run still wait for this attempt of its activity? @throws TemporalUnreachable */
  awaits(attempt: { readonly workflowId: string; readonly runId: string; readonly activityId: string; readonly attempt: number }): Promise<boolean>;
  /** The lease that is held now: its own run and input, or null. @throws TemporalUnreachable */
  readLease(service: string): Promise<{ readonly leaseRunId: string; readonly workflowId: string; readonly runId: string; readonly purpose: string } | null>;
  endLease(service: string, leaseRunId: string, reason: string): Promise<void>;
  /** The owner's own release: asks the lease to end. @throws TemporalUnreachable */
  releaseLease(service: string, leaseRunId: string, ownerRunId: string): Promise<void>;
}

/** Servers as far as their logs go: the settings that these depend on, and what receives them. */
export interface LogServers {
  /** Reads only. @throws ContainerNotFound, ContainerNotRunning, AuthenticationFailed, DatabaseUnreachable */
  read(context: EngineContext, component: PostgresComponent): Promise<LogServerFacts>;
  /** Permanently; those that need a restart are written down and wait for it. Idempotent. @throws PermissionDenied, AmbiguousState */
  change(context: EngineContext, component: PostgresComponent, changes: readonly SettingChange[]): Promise<void>;
  /** What a receiver or a spool holds, and whose; null where there is none. Reads only. */
  received(context: EngineContext, component: PostgresComponent, mode: WalMode): Promise<ReceivedLog | null>;
  /**
   * `stream`: ends the receiver, drops its slot, removes its volume. `archive`: has the server archive no more, and removes script and spool. Idempotent.
   * @throws DatabaseUnreachable, ContainerNotRunning, LeftoversRemain, NameTaken, AmbiguousState
   */
  forget(context: EngineContext, component: PostgresComponent, mode: WalMode): Promise<void>;
  /** What only somebody else can clear away before that; null where nothing stands in the way, or it cannot be told now. Reads only. */
  obstacleToForget(context: EngineContext, component: PostgresComponent, mode: WalMode): Promise<string | null>;
}

export interface ReceivedLog {
  readonly cluster: { readonly systemIdentifier: string; readonly segmentSizeBytes: number };
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
  /** How far it got, by its newest reading; null where that is not known. */
  readonly position: bigint | null;
}

export interface ActivityDependencies {
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  readonly hostQueueOf: (host: string) => string;
  readonly timingProfile: 'production' | 'test';
  readonly timing: Timing;
  readonly holdfastVersion: string;
  readonly runtime: ContainerRuntime;
  readonly engineFor: (name: EngineName) => DatabaseEngine<Component>;
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly runs: RunDirectory;
  readonly logServers: LogServers;
  /** How a log stood when this host's worker last looked after it; null where none ever did. */
  readonly readLog: (service: string, component: string) => Promise<LogStatus | null>;
  /** Tells whoever keeps a log on this host that all of it up to `at` is waited for. ISO 8601 UTC. */
  readonly wishForLog: (service: string, component: string, at: string) => Promise<void>;
  readonly resolveSecret: (reference: SecretReference) => Promise<string>;
  /** Is there something behind the reference, of one line or more? What it is is forgotten at once. @throws SecretNotFound */
  readonly requireKey: (reference: SecretReference) => Promise<void>;
  /** A compose file as it is parsed, and the SHA-256 of its bytes. @throws EnvironmentRefused where it cannot be read */
  readonly readCompose: (path: string) => Promise<{ readonly value: unknown; readonly sha256: string }>;
  /** With this installation's key. The same report has the same signature. @throws SecretNotFound, InvalidConfiguration */
  readonly signReport: (report: DrillReport) => Promise<SignedReport>;
  /** Whose past reports count in a trend. @throws SecretNotFound, InvalidConfiguration */
  readonly trustedReportKeys: () => Promise<TrustedKeys>;
  /** How long a report is kept: what `keepUntil` is made of. */
  readonly keepReportsMs: number;
  readonly nowMs: () => number;
  /** Cores of this host: parallel dump jobs and hash sessions. */
  readonly jobs: number;
}
