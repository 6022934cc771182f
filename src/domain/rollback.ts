/**
 * What was there before a cut-over, recorded in the repository before anything changes, and how far the cut-over went.
 * A repair moves only to a state that is written here: before the opening back, after it forward. Pure.
 */

/** PostgreSQL, one database for another: names are found by OID, so that every step can tell what has already happened (databases.md S2). */
export interface PostgresDatabaseCutOver {
  readonly engine: 'postgres';
  readonly method: 'database';
  readonly component: string;
  readonly container: string;
  readonly containerId: string;
  readonly systemIdentifier: string;
  readonly volume: string;
  /** The live name, and the OID that bore it before; 0 where the server had no such database. */
  readonly database: string;
  readonly liveOid: number;
  /** The prepared database: its OID and the name it has before the exchange. */
  readonly sideOid: number;
  readonly sideName: string;
  /** The xmin of the prepared database's row when it was closed: the same later means that it has not been opened since. Null where it is not known (undo). */
  readonly sideXmin: string | null;
  /** The name that the old live database gets; kept until the rollback copy is accepted away. */
  readonly asideName: string;
  readonly liveAllowedConnections: boolean;
}

/** What pg_controldata says of a data directory: whose it is, and how far it is. */
export interface ControlData {
  readonly systemIdentifier: string;
  /** `shut down`, `in production`, `in archive recovery`, … in the tool's own words. */
  readonly state: string;
  readonly timeline: number;
  /** Where the last checkpoint lies: of a server that was shut down, its very end. */
  readonly checkpoint: string;
}

/** Data that is dropped before the new stands, for want of room: what is there now lies in the repository then (domain/set-aside.ts), not below the data directory. */
export interface Replacement {
  /** The run that drops it, under whose id its copy is found. */
  readonly run: string;
  /** A backup; or, of an undo, the copy that an earlier run made. */
  readonly brings: { readonly kind: 'backup'; readonly backupId: string; readonly manifestSha256: string } | { readonly kind: 'copy'; readonly run: string };
  /** Runs whose copies nobody needs any more once this one is accepted. */
  readonly outlived: readonly string[];
}

/** PostgreSQL, the whole data directory: paths are relative to it. The server need not run, nor be able to. */
export interface PostgresDirectoryCutOver {
  readonly engine: 'postgres';
  readonly method: 'directory';
  readonly component: string;
  readonly container: string;
  readonly containerId: string;
  /** Of what comes in. */
  readonly systemIdentifier: string;
  readonly database: string;
  readonly volume: string;
  /** Image of the container: helpers run from it, also when the container is gone. */
  readonly imageId: string;
  /** The data directory inside the container, and the mount that it lies on. */
  readonly directory: string;
  readonly mount: { readonly type: 'volume' | 'bind'; readonly target: string };
  /** What comes in, where the old goes (the rollback copy), and the file that says how far it went. */
  readonly prepared: string;
  readonly aside: string;
  readonly phase: string;
  /** Of what comes in. Null only where an undo brings back what could not be read when it was set aside: its files, as they were; or no server at all. */
  readonly control: ControlData | null;
  /** What it replaces; null where there was no server, or none that could be read. */
  readonly replaces: ControlData | null;
  /** Was there a server's data? Where not, an undo leads back to a volume without. */
  readonly hadServer: boolean;
  /** False only of an undo that leads back to a volume without a server's data: what lay there comes back, if anything did, and nothing is started on it. True unless given. */
  readonly bringsServer?: false;
  /** A server that did not run before is not started by rolling back. One that its restart policy tried again and again ran. */
  readonly wasRunning: boolean;
  /** False where it ran, or was started again and again, and never answered: neither its clean end nor its answer is waited for then. True unless given. */
  readonly answered?: boolean;
  /** Only where there is no room for old and new beside each other; `control` is null then before the new data is there. */
  readonly replace?: Replacement;
}

/** A table of a {@link PostgresTablesCutOver}. Its place in the list, from 1, is its number in files and in the schema of kept rows. */
export interface RestoredTable {
  readonly schema: string;
  readonly name: string;
  /** Lower-case hex MD5 of the live table's definition, its OID included, as it was when the plan was made; empty where there is no live table. */
  readonly definition: string;
  /** What is read from its file, in the file's order; empty where rows lie in the database, which knows. */
  readonly columns: readonly string[];
}

/**
 * PostgreSQL, some tables: rows put into the live tables in one transaction, or a new schema beside them. The schema of kept rows is made before that
 * transaction, and its comment says, as of the transaction itself, whether it was carried out.
 */
export interface PostgresTablesCutOver {
  readonly engine: 'postgres';
  readonly method: 'tables';
  readonly component: string;
  readonly container: string;
  readonly containerId: string;
  readonly systemIdentifier: string;
  readonly volume: string;
  readonly database: string;
  readonly databaseOid: number;
  readonly tables: readonly RestoredTable[];
  /** The rows as they were: files in a volume of the run, or the schema in which an earlier run kept them (undo). */
  readonly source: { readonly kind: 'files'; readonly volume: string; readonly files: readonly { readonly name: string; readonly sizeBytes: number; readonly sha256: string }[] }
    | { readonly kind: 'kept'; readonly schema: string };
  /** Do rows that the source does not have go? Of an undo: those that came with the restore go in any case, no others do. */
  readonly exact: boolean;
  /** The schema that is made beside the live tables, which are not touched then; null where rows go into them. */
  readonly into: string | null;
  /** Schema in the live database that holds what the transaction replaces: the rollback copy. */
  readonly kept: string;
}

export type PostgresCutOver = PostgresDatabaseCutOver | PostgresDirectoryCutOver | PostgresTablesCutOver;

/** Redis: the files of the data directory, before and after. Paths are relative to the data directory. */
export interface RedisCutOver {
  readonly engine: 'redis';
  readonly component: string;
  readonly container: string;
  readonly containerId: string;
  readonly volume: string;
  /** Image of the container: helpers that exchange or remove files run from it, also when the container is gone. */
  readonly imageId: string;
  /** The data directory inside the container, the same relative to the volume ('' for its root), and its file names. */
  readonly directory: string;
  readonly subdirectory: string;
  readonly dbFilename: string;
  readonly appendOnly: boolean;
  readonly appendDirname: string;
  readonly appendFilename: string;
  /** `.holdfast/<run16>/new`: the prepared final files. */
  readonly stagedDirectory: string;
  /** `.holdfast/<run16>/old`: where the live files go; the rollback copy. */
  readonly asideDirectory: string;
  /** Files of the staged directory with their SHA-256, re-hashed before they are moved in. */
  readonly stagedFiles: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[];
  /** Keys in the staged files, those included whose time to live ends before or while Redis starts on them. */
  readonly stagedKeys: number;
  /** Only where no server answers on what it replaces: that is stopped as it is, and set aside unread. */
  readonly unusable?: true;
  /** Only of an undo that brings back what was set aside unread: it was hashed, and whether a server starts on it is not known. */
  readonly unread?: true;
}

export type ComponentCutOver = PostgresCutOver | RedisCutOver;

/** Is what is there replaced as a whole, whether a server answers on it or not? */
export const replacesWholeServer = (cutOver: ComponentCutOver): boolean => (cutOver.engine === 'redis' ? cutOver.unusable === true : cutOver.method === 'directory');

/** Did it run, or was it tried again and again, and answered nobody? Then a roll-back leaves it at that. */
export const didNotAnswer = (cutOver: ComponentCutOver): boolean =>
  (cutOver.engine === 'redis' ? cutOver.unusable === true : cutOver.method === 'directory' && cutOver.wasRunning && cutOver.answered === false);

/** Does it lead back to a volume without a server's data? Then nothing is started there, by whichever run: the image would make a new one. */
export const leavesNoServer = (cutOver: ComponentCutOver): boolean => cutOver.engine === 'postgres' && cutOver.method === 'directory' && cutOver.bringsServer === false;

/** Is there a way back from it afterwards? Not where the server had no such database, or a new schema was made. A volume without a server's data is come back to as any other. */
export function replacesSomething(cutOver: ComponentCutOver): boolean {
  if (cutOver.engine === 'redis') return true;
  if (cutOver.method === 'tables') return cutOver.into === null;
  return cutOver.method === 'directory' || cutOver.liveOid !== 0;
}

/** How it is replaced where it lies; null where old and new stand beside each other. */
export const replacementIn = (cutOver: ComponentCutOver): Replacement | null => (cutOver.engine === 'postgres' && cutOver.method === 'directory' ? cutOver.replace ?? null : null);

/** Do clients go on while it is carried out? Then nothing is closed, nothing opened, and no application has to be restarted. */
export const leavesOpen = (cutOver: ComponentCutOver): boolean => cutOver.engine === 'postgres' && cutOver.method === 'tables';

export interface RestartPolicy {
  readonly name: string;
  readonly maximumRetryCount: number;
}

/** `<service>/rollbacks/<run>.json` */
export interface RollbackRecord {
  readonly format: 1;
  readonly service: string;
  readonly operation: 'restore' | 'undo' | 'restoreTables';
  readonly workflowId: string;
  readonly runId: string;
  readonly namespaceId: string;
  readonly backupId: string | null;
  /** The covered instant of what was brought in. */
  readonly point: string | null;
  readonly cutOvers: readonly ComponentCutOver[];
  /** Original restart policy per container id, to be put back whatever happens. */
  readonly restartPolicies: readonly { readonly container: string; readonly containerId: string; readonly policy: RestartPolicy }[];
  readonly createdRoles: readonly string[];
  /** Of an undo: the run whose rollback copy it brings back, so that a repair that goes forward can close it too. Null for a restore. */
  readonly undoneRunId: string | null;
  readonly recordedAt: string;
}

/**
 * Milestones, each its own write-once object beside the record (`<run>.<milestone>.json`). The state of a rollback is the last one that exists:
 * `recorded` → `opening` (the point of no return: from here a repair goes forward) → `opened` → `undone` | `accepting` (from the first copy that goes: a repair lets the others
 * go too) → `accepted`; or `rolledBack`.
 */
export const rollbackMilestones = ['opening', 'opened', 'rolledBack', 'undone', 'accepting', 'accepted'] as const;
export type RollbackMilestone = (typeof rollbackMilestones)[number];
export type RollbackState = 'recorded' | RollbackMilestone;

/** The state that a set of milestones amounts to. */
export function rollbackState(milestones: ReadonlySet<RollbackMilestone>): RollbackState {
  return [...rollbackMilestones].reverse().find((milestone) => milestones.has(milestone)) ?? 'recorded';
}

/** Which way a repair of an ended run goes, or null where there is nothing half-way. */
export function repairDirection(state: RollbackState): 'back' | 'forward' | null {
  if (state === 'recorded') return 'back';
  if (state === 'opening') return 'forward';
  return null;
}
