/** The contract with what leaves Holdfast in a form that stock tools read. Called from one activity, by the rules of engine.ts. */
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext } from './engine-context.ts';

export interface ExportEngine {
  /** What its file's name ends with: `sql.gz`, `rdb`. */
  readonly ending: string;
  /** Puts one file of that name, made of the stored bytes, each of them checked. @throws InvalidInput where the backup has no such form, ArtifactDamaged, ImageMissing, HelperLost */
  write(ctx: EngineContext, backup: ComponentBackup, source: ArtifactSource, destination: ArtifactDestination, file: string): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
}
