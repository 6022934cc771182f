/**
 * The contract with an engine whose server can be copied: a server of its own, from a backup, that is like the original and acts like it nowhere (databases.md P14).
 * Called from activities, by the rules of engine.ts. Nothing live is touched.
 */
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import type { Difference } from '../domain/content.ts';
import type { Component } from '../domain/service.ts';
import type { ArtifactSource, EngineContext } from './engine-context.ts';
import type { MomentRecovery, ReachedMoment } from './moment-engine.ts';

/** What the container of a copy is to be. It is never of an environment of the original's: that may hold secrets. */
export interface CopyServer {
  readonly imageId: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where it finds its volume. */
  readonly directory: string;
  /** Where it listens. */
  readonly port: number;
  readonly shmSizeBytes?: number;
  /** What the original's container may have. */
  readonly memoryBytes?: number;
  /** Less than that and it cannot hold its data. */
  readonly neededBytes?: number;
}

export interface CopySource {
  readonly backup: ComponentBackup;
  readonly source: ArtifactSource;
  /** Behind the backup, to where; null for a store without a log. */
  readonly moment: MomentRecovery | null;
  /** What differs from the manifest is told, and no failure: for a drill, which judges it itself. */
  readonly tellsDifferences?: boolean;
}

export interface FilledCopy {
  /** The instant that it covers, ISO 8601 UTC. */
  readonly at: string;
  /** Where a recovery stopped. */
  readonly reached: ReachedMoment | null;
  /** Of a recovery: how long it took from the server's start on the unpacked backup until it was a server of its own. Whole milliseconds. */
  readonly replayedMs?: number;
  /** How it differs from the original, one sentence each. */
  readonly notes: readonly string[];
  /** From the manifest, where they were asked for; absent where nothing of that kind is compared. */
  readonly differences?: readonly Difference[];
}

export interface CopyEngine<C extends Component = Component> {
  /** Reads only. One that is `modest` stands beside what serves its users, and takes no more memory for itself than it must. @throws ImageMissing, UnsupportedTopology where no copy can be made of it */
  server(ctx: EngineContext, component: C, backup: ComponentBackup, modest?: boolean): Promise<CopyServer>;

  /**
   * Everything that the server needs, into its volume, whose container is not running: compared as a proof of the backup is, or recovered to the moment and promoted.
   * Run again, it begins anew. @throws as `prepare` and the recovery of a moment may, InvalidInput where there is no moment and the engine needs one
   */
  fill(ctx: EngineContext, component: C, from: CopySource, volume: string): Promise<FilledCopy>;

  /**
   * The started container answers. @param sizeBytes of the live data that it holds: what is large takes longer to load, or to recover
   * @throws ContainerNotRunning with its last words, DatabaseUnreachable where it runs and does not answer in time
   */
  waitUntilReady(ctx: EngineContext, component: C, containerId: string, sizeBytes: number): Promise<void>;
}
