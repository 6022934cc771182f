/** The contract with an engine that can be brought to a second by what an archive holds of its append-only file. */
import type { RedisBackup } from '../domain/backup-manifest.ts';
import type { Component } from '../domain/service.ts';
import type { ArtifactDestination, EngineContext } from './engine-context.ts';

/** A file of the archive, by its path below {@link ArchivedAof.directory}. */
export interface ArchivedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What together is the state at the end of one second, and nothing later. */
export interface ArchivedAof {
  /** The last second that belongs to it, since the epoch. */
  readonly second: number;
  /** Where the Docker host has the archive. */
  readonly directory: string;
  readonly base: ArchivedFile;
  readonly increments: readonly {
    /** So much of it belongs to the state: it ends between two commands. */
    readonly sizeBytes: number;
    /** Does a later second follow in its blocks? Of the last one only. */
    readonly isCut: boolean;
    /** From its beginning, one behind the other; together at least that long. */
    readonly blocks: readonly ArchivedFile[];
  }[];
}

export interface AofEngine<C extends Component> {
  /**
   * Puts the files together beside the server, has its own tool cut them, loads them without a network, and stores what they hold as an RDB, counted and
   * digested like a backup's: from there on it is one. Changes nothing live. Idempotent but for its attempt directory.
   * @param like a backup of it, which says of the server what is needed: then nothing live is asked
   * @throws ArtifactDamaged where a file is not what its name says, or the tool refuses it; NotEnoughSpace, VersionMismatch, RestoreFailed, RdbTransferFailed
   */
  makeInstant(ctx: EngineContext, component: C, aof: ArchivedAof, destination: ArtifactDestination, like?: RedisBackup): Promise<RedisBackup>;
}
