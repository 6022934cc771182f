/** What drills leave in a repository. Nothing here is ever removed or written twice: reports outlive the backups they speak of (docs/backup-format.md). */
import type { DrillKind } from '../domain/drill/objectives.ts';
import type { RunOwner } from '../domain/run-owner.ts';

/** Says that a drill began: one that ended before its report is not forgotten. */
export interface DrillClaim {
  readonly format: 1;
  readonly service: string;
  readonly drillId: string;
  readonly kind: DrillKind;
  readonly beganAt: string;
  readonly run: RunOwner;
}

export interface ListedDrill {
  readonly drillId: string;
  /** Null where it cannot be read. */
  readonly claim: DrillClaim | null;
  readonly reported: boolean;
}

export interface DrillArchive {
  /** An id for this run's drill, of the second it began in or the next that is free; the same run asking again gets the same. */
  claim(service: string, kind: DrillKind, run: RunOwner, nowMs: number): Promise<DrillClaim>;
  /** Stores the text of a signed report, exclusively. Answers the text that stands there now: of two attempts the first to write it. */
  recordReport(service: string, drillId: string, signedText: string): Promise<string>;
  /** Stores the page that was made of the report that stands there. The same page again is success. @throws AlreadyExists where it is another */
  recordPage(service: string, drillId: string, page: string): Promise<void>;
  /** Stores what the application's own tests wrote, redacted and cut, beside the report, which holds its sum: of two attempts the first to write it stays. */
  recordOutput(service: string, drillId: string, text: string): Promise<void>;
  /** The text of the signed report as it is stored, for whoever reads and checks it; null where there is none. @throws RepositoryDamaged where it is no text of a bearable size */
  readReport(service: string, drillId: string): Promise<string | null>;
  /** Oldest first. */
  list(service: string): Promise<readonly ListedDrill[]>;
}
