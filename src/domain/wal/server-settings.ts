/** What is known of a server's settings for its log, and what is to become of them. Pure. */
import type { CommandOwner } from './archive-command.ts';

export const logSettings = ['wal_level', 'max_wal_senders', 'max_replication_slots', 'max_slot_wal_keep_size'] as const;
export type LogSetting = (typeof logSettings)[number];

export interface SettingFacts {
  /** As pg_settings has it: without a unit, sizes in MB. */
  readonly value: string;
  /** Where it comes from, in the server's words: `default`, `configuration file`, `command line`. */
  readonly source: string;
  /** Another value is written down, and waits for a restart. */
  readonly pendingRestart: boolean;
}

export const archiveSettings = ['archive_library', 'archive_command', 'archive_timeout', 'archive_mode'] as const;
export type ArchiveSetting = (typeof archiveSettings)[number];

export interface ArchivingFacts {
  /** archive_library: PostgreSQL 15 and later. Of archive_command what is configured, also while archive_mode is off. */
  readonly settings: Readonly<Partial<Record<ArchiveSetting, SettingFacts>>>;
  /** The archive_command that is to be. */
  readonly wanted: string;
  /** Whose there is. */
  readonly owner: CommandOwner;
  /** Of this version; null where its path is on no volume of the container. */
  readonly script: { readonly path: string; readonly installed: boolean } | null;
  /** As the container's compose file calls it; null where none made it. */
  readonly composeService: string | null;
}

export interface LogServerFacts {
  readonly inRecovery: boolean;
  readonly user: string;
  readonly superuser: boolean;
  readonly mayReplicate: boolean;
  /** Member of pg_read_all_stats: how far a receiver is is told to no one else. */
  readonly mayWatch: boolean;
  readonly settings: Readonly<Record<LogSetting, SettingFacts>>;
  /** Connections and slots of others than Holdfast's own receiver. */
  readonly otherSenders: number;
  readonly otherSlots: number;
  /** Slots of receivers of Holdfast's, whoever's. */
  readonly ownSlots?: readonly string[];
  /** It archives by a script of Holdfast's, whoever's. */
  readonly ownArchiving?: boolean;
  /** After which a slot that nobody receives from is given up, in the server's words; null before PostgreSQL 18. */
  readonly idleSlotTimeout: string | null;
  /** On the file system of the server's log; null where it is not known. */
  readonly freeBytes: number | null;
  /** `summarize_wal`; null before PostgreSQL 17. */
  readonly summarizing?: SettingFacts | null;
  /** Where the server is to archive its log itself; absent where it is received. */
  readonly archiving?: ArchivingFacts;
}

export interface SettingChange {
  /** `archive_script` is no setting of the server's: a file that one of them names. */
  readonly name: LogSetting | ArchiveSetting | 'summarize_wal' | 'archive_script';
  readonly value: string;
  /** Exactly what is run, for whoever wants to run it by hand. */
  readonly statement: string;
  /** Without a full stop. */
  readonly why: string;
  readonly effect: 'now' | 'restart';
}

export interface ServerSettingsPlan {
  readonly component: string;
  readonly container: string;
  /** What Holdfast can do, in this order. */
  readonly changes: readonly SettingChange[];
  /** What only somebody else can: a superuser, or whoever made the container. */
  readonly byHand: readonly { readonly what: string; readonly why: string }[];
  /** Settings that are written down and wait for a restart. */
  readonly pendingRestart: readonly string[];
  readonly notes: readonly string[];
  /** What could be set too, and nobody asked for. */
  readonly offers?: readonly string[];
}
