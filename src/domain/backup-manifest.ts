/** The backup manifest: the only proof that a backup exists. `docs/backup-format.md` is its specification. Pure. */
import type { Canary, WrittenCanary } from './canary.ts';
import type { ContainerSetUp } from './container-set-up.ts';
import type { Content, PostgresContent, RedisContent } from './content.ts';
import type { EngineName } from './engine-name.ts';

export const manifestFormat = 1;
/** Of a backup that was not taken but imported: what an older Holdfast, which knows no such backups, refuses by its number. */
export const importedFormat = 2;
/** Of a backup that names a canary: refused in the same way by one that knows none. */
export const canaryFormat = 3;

/** One stored file. `encodings` lists what lies between plaintext and stored bytes, outermost last; empty means stored as is. */
export interface Artifact {
  /**
   * `dump` (tar of a pg_dump directory), `globals` (roles), `rdb`; `plainSql` (of an imported one, the very file that it was made from); of a base backup: `base` (tar of the data directory), `tablespace` (tar, named by its OID),
   * `wal` (tar of the log up to its end), `baseManifest` (pg_basebackup's own backup_manifest).
   */
  readonly kind: 'dump' | 'globals' | 'rdb' | 'plainSql' | 'base' | 'tablespace' | 'wal' | 'baseManifest';
  /** Path relative to the backup's directory: `<component>/<attempt>/<file>`. */
  readonly path: string;
  readonly plaintext: { readonly sizeBytes: number; readonly sha256: string };
  readonly stored: { readonly sizeBytes: number; readonly sha256: string };
  readonly encodings: readonly string[];
  /** For an archive: its members, each hashed where it was written, re-checked inside the helper just before a restore. */
  readonly members?: readonly { readonly name: string; readonly sizeBytes: number; readonly sha256: string }[];
}

export interface ServerFacts {
  readonly container: string;
  readonly containerId: string;
  readonly image: string;
  readonly imageId: string;
  /** What the image is pulled by, wherever it is needed: `postgres@sha256:…`. Absent where it came from no registry, or was not yet kept. */
  readonly imageDigest?: string;
  /** The server's own version text: `17.6`, `8.0.2`. */
  readonly version: string;
  /** How its container was made; absent in backups of before this was kept. */
  readonly setUp?: ContainerSetUp;
}

export interface RoleFacts {
  readonly name: string;
  readonly superuser: boolean;
  readonly login: boolean;
  /** Does an object, grant or database property in the dump name it? */
  readonly referenced: boolean;
}

/** Lost by a plain side restore, replayed by ours (databases.md L8). */
export interface DatabaseProperties {
  readonly owner: string;
  readonly acl: readonly string[] | null;
  readonly connectionLimit: number;
  readonly encoding: string;
  readonly localeProvider: string;
  readonly collate: string;
  readonly ctype: string;
  readonly locale: string | null;
  readonly icuRules: string | null;
  readonly tablespace: string;
  readonly comment: string | null;
  readonly isTemplate: boolean;
  /** `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET`; role null means every role. */
  readonly settings: readonly { readonly role: string | null; readonly name: string; readonly value: string }[];
}

/** One backup that another stands on, as it was when that was taken. */
export interface ChainLink {
  readonly backupId: string;
  /** Of its manifest. Not called `manifestSha256`, as the manifest's own is: people look for that by its name (docs/restore-without-holdfast.md). */
  readonly sha256: string;
}

interface PostgresCommon {
  readonly engine: 'postgres';
  readonly component: string;
  readonly attempt: string;
  readonly server: ServerFacts & { readonly systemIdentifier: string; readonly database: string; readonly databaseOid: number; readonly majorVersion: number };
  /** The recovery point of this component. Of a dump: read in the session that exported the snapshot. Of a base backup: everything committed by `at` lies before `lsn`, its end. */
  readonly snapshot: { readonly at: string; readonly lsn: string; readonly snapshot: string };
  readonly artifacts: readonly Artifact[];
  readonly notCompared: readonly NotCompared[];
}

export interface TimeFormats {
  readonly TimeZone: string;
  readonly DateStyle: string;
  readonly IntervalStyle: string;
}

/** One database, dumped in one snapshot. */
export interface PostgresDump extends PostgresCommon {
  readonly method: 'dump';
  readonly content: PostgresContent;
  readonly roles: readonly RoleFacts[];
  readonly properties: DatabaseProperties;
  /** Bytes of the live database when it was dumped (pg_database_size): what a side restore will need. */
  readonly databaseSizeBytes: number;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  /** How times read in a session of nobody in particular, wherever that is set (TimeZone, DateStyle, IntervalStyle). Absent in backups of before this was kept, and of an imported dump. */
  readonly timeFormats?: TimeFormats;
}

/** The whole server, copied while it ran, with the log that makes the copy consistent: what recovery to a moment begins with. */
export interface PostgresBase extends PostgresCommon {
  readonly method: 'base';
  /** Replay begins at `begin` and is consistent from `end` on; both on `timeline`. `endAt` is read after the end (databases.md T1), `snapshot` above it. */
  readonly range: { readonly timeline: number; readonly begin: string; readonly end: string; readonly endAt: string };
  readonly cluster: {
    readonly segmentSizeBytes: number;
    /** Are pages written with checksums? Where not, their damage cannot be told. */
    readonly dataChecksums: boolean;
    /** The role that initdb made, whatever it is called now: there is always one that may do everything. */
    readonly superuser: string;
    /** Recovery refuses smaller ones (databases.md P11): `max_connections` and its like, by name. */
    readonly settings: Readonly<Record<string, string>>;
    /** Their code may be needed to replay what they wrote. */
    readonly preloadLibraries: readonly string[];
  };
  readonly databases: readonly { readonly name: string; readonly oid: number; readonly sizeBytes: number }[];
  readonly tablespaces: readonly { readonly name: string; readonly oid: number; readonly location: string }[];
  /** Bytes of the data directory and tablespaces, unpacked. */
  readonly dataSizeBytes: number;
  /**
   * Of an incremental one, which holds only what changed since another: all that it takes to make it whole, the full one first, the one that it goes on from last.
   * Absent of a full one.
   */
  readonly chain?: readonly ChainLink[];
}

export type PostgresBackup = PostgresDump | PostgresBase;

export interface RedisBackup {
  readonly engine: 'redis';
  readonly component: string;
  readonly attempt: string;
  readonly server: ServerFacts & {
    readonly flavour: 'redis' | 'valkey';
    readonly replicationId: string;
    /** Loaded modules: a server that loads the file needs them too. */
    readonly modules: readonly { readonly name: string; readonly path: string; readonly args: readonly string[] }[];
  };
  /** The recovery point: the server's time just before the transfer began, or the RDB's own `ctime` (whole seconds) where the snapshot may be older. */
  readonly snapshot: { readonly at: string; readonly rdbVersion: number };
  readonly artifacts: readonly Artifact[];
  readonly content: RedisContent;
  readonly usedMemoryBytes: number;
  readonly notCompared: readonly NotCompared[];
}

export type ComponentBackup = PostgresBackup | RedisBackup;

/** Something a restore of this backup will not be compared on, and why. Printed wherever a proof is printed. */
export interface NotCompared {
  readonly object: string;
  readonly reason: string;
}

/** Where the files of an imported backup came from. No account of what was live exists: what it holds was counted when they were read. */
export interface ImportedFrom {
  /** Absolute, on the host of the worker that read them. */
  readonly directory: string;
  /** The zone in which the stamp of their names was read, and whether somebody said so; else it is the worker's own. */
  readonly timeZone: string;
  readonly timeZoneGiven: boolean;
  readonly files: readonly { readonly component: string; readonly file: string; readonly sizeBytes: number; readonly sha256: string }[];
}

export interface BackupManifest {
  readonly format: typeof manifestFormat | typeof importedFormat | typeof canaryFormat;
  readonly repositoryId: string;
  readonly service: string;
  readonly serviceVersion: string | null;
  readonly backupId: string;
  /** 1, 2, 3 … per service, claimed exclusively: the order of backups, whatever the clocks say. */
  readonly sequence: number;
  readonly previousManifestSha256: string | null;
  readonly beganAt: string;
  readonly finishedAt: string;
  /** The covered instant of the whole: the earliest of the components' snapshots. Skew is between the first and the last. */
  readonly point: { readonly at: string; readonly skewMs: number; readonly skewLimitMs: number };
  readonly components: readonly ComponentBackup[];
  readonly run: { readonly namespaceId: string; readonly workflowId: string; readonly runId: string };
  readonly holdfastVersion: string;
  /** Of a backup that was not taken but imported; then, and only then, the format is {@link importedFormat}. */
  readonly imported?: ImportedFrom;
  /** What was written into which stores before they were read; then, and only then, the format is {@link canaryFormat}. */
  readonly canary?: WrittenCanary;
}

export const componentOf = (manifest: BackupManifest, engine: EngineName): ComponentBackup | undefined =>
  manifest.components.find((component) => component.engine === engine);

/** The canary that a store of this backup has in it, or null. */
export const canaryIn = ({ canary }: BackupManifest, component: string): Canary | null => (canary?.components.includes(component) === true ? canary : null);

/** Everything that a restore of this backup is not compared on. */
export const notComparedIn = (manifest: BackupManifest): readonly NotCompared[] =>
  manifest.components.flatMap((component) => component.notCompared);

export const storedSizeBytes = (component: ComponentBackup): number =>
  component.artifacts.reduce((sum, artifact) => sum + artifact.stored.sizeBytes, 0);

/** What it holds, as it was counted; null for a base backup, which is proven by starting it and not by counting. */
export const contentOf = (component: ComponentBackup): Content | null => ('content' in component ? component.content : null);

/** Bytes of the live data when it was backed up: what a copy of it will need. */
export function liveSizeBytes(component: ComponentBackup): number {
  if (component.engine === 'redis') return component.usedMemoryBytes;
  return component.method === 'dump' ? component.databaseSizeBytes : component.dataSizeBytes;
}

/** The recovery point over all components: the earliest instant, and how far apart they lie. */
export function recoveryPoint(instants: readonly string[]): { at: string; skewMs: number } {
  const epochs = instants.map((instant) => Date.parse(instant));
  const earliest = Math.min(...epochs);
  return { at: new Date(earliest).toISOString(), skewMs: Math.max(...epochs) - earliest };
}

/** As it was read. */
export interface ReadManifest {
  readonly manifest: BackupManifest;
  /** The manifest's own SHA-256, as it stands in the file and was checked. */
  readonly sha256: string;
}
