/**
 * A plan is what a human says yes to: a body of facts, and an envelope that binds the body to one run, one nonce and one expiry.
 * The dry run prints the same bytes that the run executes. Pure: digests are made by the activity that stores it.
 */
import { canonicalJson } from './canonical-json.ts';
import type { Difference } from './content.ts';
import type { NotCompared } from './backup-manifest.ts';
import type { TableDifference } from './tables/difference.ts';

export type PlanOperation = 'restore' | 'undo' | 'accept' | 'restoreTables';

/** The word under which policy asks for a human's yes to it. */
export const policyWord = (operation: PlanOperation): 'restore' | 'undo' | 'accept' => (operation === 'restoreTables' ? 'restore' : operation);

/** The live store a plan is about, pinned: every destructive step re-reads these and refuses when one changed. */
export interface PinnedStore {
  readonly component: string;
  readonly engine: 'postgres' | 'redis';
  readonly container: string;
  readonly containerId: string;
  /** Name of the volume, or the host path of the bind mount, that holds the data. */
  readonly volume: string;
  /** PostgreSQL's system identifier, or Redis's replication id where it is stable; null where the engine has none. */
  readonly identity: string | null;
  /** PostgreSQL's database name; null for Redis. */
  readonly database: string | null;
}

/** What will be gone for the application when the plan is carried out, in one component. */
export interface Loss {
  readonly component: string;
  /** From this instant on. */
  readonly after: string;
  readonly seconds: number;
  /** Transactions committed since (PostgreSQL), else null. */
  readonly transactions: string | null;
  /** A few lines worth reading: tables with fewer or more rows than live. */
  readonly notes: readonly string[];
}

export interface PlanBody {
  readonly format: 1;
  readonly operation: PlanOperation;
  readonly service: string;
  /** What is restored; null for undo and accept. */
  readonly backup: { readonly id: string; readonly manifestSha256: string; readonly point: string; readonly skewMs: number } | null;
  /** The run whose rollback copy is brought back or let go; null for restore. */
  readonly rollbackOf: string | null;
  readonly stores: readonly PinnedStore[];
  /** Containers of the application that are restarted after the opening. */
  readonly restarts: readonly string[];
  /** The ordered destructive steps, one sentence each. */
  readonly steps: readonly string[];
  readonly losses: readonly Loss[];
  /** Of single tables: which rows change; absent where whole databases are exchanged. */
  readonly tables?: readonly TableDifference[];
  /** What comparing the prepared data with the manifest showed; a plan with differences is never shown for approval. */
  readonly compared: readonly { readonly component: string; readonly objects: number; readonly differences: readonly Difference[] }[];
  readonly notCompared: readonly NotCompared[];
  /** What will be different from the live service besides its data: roles, settings, extensions, by component. */
  readonly notes: readonly string[];
  readonly wayBack: string;
  /** The moment that was asked for and where recovery stands; absent where a backup is restored as it is. */
  readonly moment?: PlannedMoment;
}

/** A moment between backups, as recovery found it. */
export interface PlannedMoment {
  /** As a point reads (domain/point.ts), a relative one resolved: `2026-11-23T01:47:05.000000Z`, `xid:918442`, `latest`. */
  readonly asked: string;
  /** Does what happened at the point belong to it (`--to`), or not (`--before`)? */
  readonly inclusive: boolean;
  readonly timeline: number;
  /** Everything before this position is there, and nothing behind it. */
  readonly lsn: string;
  /** The server's own words for where it stopped. */
  readonly stop: string;
  /** When the last transaction that is there committed; null where none did behind the base backup. ISO 8601 UTC with microseconds. */
  readonly lastCommitAt: string | null;
  /** Files of the log behind the base backup that lead there. */
  readonly segments: number;
  /** Stores that keep no such log: what each comes from, and how far before the moment (negative: after it) that is. */
  readonly companions: readonly PlannedCompanion[];
}

export interface PlannedCompanion {
  readonly component: string;
  readonly backupId: string;
  readonly at: string;
  readonly beforeMs: number;
  /** `aof`: made of its archived append-only file, for this run alone; of a backup unless given. */
  readonly source?: 'aof';
  /** Of a backup, though its append-only file is archived: why that did not lead there. */
  readonly unfit?: string;
}

export interface PlanEnvelope {
  readonly workflowId: string;
  readonly runId: string;
  /** 32 hex digits; the file `approvals/<nonce>.json` is created exactly once. */
  readonly nonce: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** Lower-case hex SHA-256 over {@link planBytes}. */
  readonly digest: string;
}

export interface RestorePlan {
  readonly body: PlanBody;
  readonly envelope: PlanEnvelope;
}

/** The bytes that the digest is made over; the first line keeps a plan's digest from ever being taken for another document's. */
export const planBytes = (body: PlanBody): string => `holdfast-plan-v1\n${canonicalJson(body)}`;

/** What people read aloud to each other: the first eight digits of the digest. */
export const shortDigest = (digest: string): string => `${digest.slice(0, 4)}-${digest.slice(4, 8)}`;
