/** A copy of data that was dropped where it lay: an archive in the repository, read back and found equal before this record of it was made. Pure. */
import type { ControlData } from './rollback.ts';

export interface StoredFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** `<service>/set-aside/<run id>/<component>/copy.json` */
export interface SetAsideCopy {
  readonly format: 1;
  /** Of the attempt whose files these are: `a<attempt>-<8 hex>`. */
  readonly attempt: string;
  /** A tar of the data directory, compressed. */
  readonly archive: StoredFile;
  /** `<sha256>  ./<path>` of every regular file in it. */
  readonly members: StoredFile & { readonly count: number };
  /** The content of its files; and what they took where they lay, which is what they take there again. */
  readonly dataBytes: number;
  readonly diskBytes: number;
  /** Of `global/pg_control` as it was copied, `none` where there was none: by it the data is known that may be dropped. */
  readonly controlFile: string;
  /** Null where it could not be read. */
  readonly control: ControlData | null;
}

/** What becomes of the old data once its copy stands, decided once for all attempts and repairs: whoever asks second is told what the first one chose. */
export type SetAsideDecision = 'drop' | 'keep';
