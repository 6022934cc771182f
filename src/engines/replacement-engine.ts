/**
 * The contract with an engine that can replace data where it lies, where old and new do not fit beside each other: copied out to another file system, read back, dropped,
 * and made anew in its place. Everything up to the approval reads only; what is compared before the yes elsewhere is compared after it here, before anybody is let in.
 */
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import type { Verdict } from '../domain/proof.ts';
import type { ComponentCutOver } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import type { ArtifactSource, EngineContext, PreparedComponent } from './engine-context.ts';

/** Which backup comes in, and what is known of it. */
export interface ReplacementChoice {
  readonly backupId: string;
  readonly manifestSha256: string;
  /** Of the newest proof of these very bytes; null where there is none. */
  readonly proof: Verdict | null;
}

export interface ReplacementEngine<C extends Component = Component> {
  /** The plan's part, where it may be done at all. Reads only. @throws ReplacementRefused, NotEnoughSpace, VersionMismatch, UnsupportedTopology, ExtensionMissing, ContainerNotFound */
  prepare(ctx: EngineContext, component: C, backup: ComponentBackup, source: ArtifactSource, choice: ReplacementChoice): Promise<PreparedComponent>;
  /**
   * The step of a cut-over that `swap` is elsewhere. Idempotent, and found at whatever point by `rollBack`, which brings the old data back while nobody was let in. `brought`: null
   * where a copy comes in, of an undo. @throws ArtifactDamaged, CutOverFailed, DiskFull, and what making it ready may; nothing is dropped before its copy was found equal
   */
  carryOut(ctx: EngineContext, component: C, cutOver: ComponentCutOver, brought: { readonly backup: ComponentBackup; readonly source: ArtifactSource } | null): Promise<void>;
}
