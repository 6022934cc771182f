/** The contract with what takes files that other tools made. Called from one activity, by the rules of engine.ts; nothing live is changed. */
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import type { Component } from '../domain/service.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext } from './engine-context.ts';
import type { BackupOptions } from './engine-context.ts';

/** A file as it was found, whole and unchanged, in the attempt's directory of the repository. */
export interface ForeignFile {
  /** Its own name: what a failure names. */
  readonly name: string;
  /** When it was begun, by its name, ISO 8601 UTC. */
  readonly at: string;
  /** What is stored. Its plaintext is what the engine finds out. */
  readonly path: string;
  readonly stored: { readonly sizeBytes: number; readonly sha256: string };
}

export interface ImportEngine<C extends Component = Component> {
  /** What it is called in the attempt's directory. */
  readonly storedAs: string;

  /**
   * Reads it to its end, brings it up in a throwaway server of the component's image without a network, and counts what is there; the backup is one like any other then.
   * @throws ArtifactDamaged (not whole, or no such file at all), RestoreFailed, VersionMismatch, CouldNotVerify, ContainerNotFound, NotEnoughSpace
   */
  take(ctx: EngineContext, component: C, file: ForeignFile, source: ArtifactSource, destination: ArtifactDestination, options: BackupOptions): Promise<ComponentBackup>;
}
