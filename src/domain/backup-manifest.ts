/** The backup manifest, format 1: the only proof that a backup exists. `docs/backup-format.md` is its specification. Pure. */
import type { PostgresContent, RedisContent } from './content.ts';
import type { EngineName } from './service.ts';

export const manifestFormat = 1;

/** One stored file. `encodings` lists what lies between plaintext and stored bytes, outermost last; empty means stored as is. */
export interface Artifact {
  /** `dump` (tar of a pg_dump directory), `globals` (roles), `rdb`. */
  readonly kind: 'dump' | 'globals' | 'rdb';
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
  /** The server's own version text: `17.6`, `8.0.2`. */
  readonly version: string;
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

export interface PostgresBackup {
  readonly engine: 'postgres';
  readonly component: string;
  readonly attempt: string;
  readonly server: ServerFacts & { readonly systemIdentifier: string; readonly database: string; readonly databaseOid: number; readonly majorVersion: number };
  /** Read in the session that exported the snapshot: the recovery point of this component. */
  readonly snapshot: { readonly at: string; readonly lsn: string; readonly snapshot: string };
  readonly artifacts: readonly Artifact[];
  readonly content: PostgresContent;
  readonly roles: readonly RoleFacts[];
  readonly properties: DatabaseProperties;
  /** Bytes of the live database when it was dumped (pg_database_size): what a side restore will need. */
  readonly databaseSizeBytes: number;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly notCompared: readonly NotCompared[];
}

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

export interface BackupManifest {
  readonly format: typeof manifestFormat;
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
}

export const componentOf = (manifest: BackupManifest, engine: EngineName): ComponentBackup | undefined =>
  manifest.components.find((component) => component.engine === engine);

/** Everything that a restore of this backup is not compared on. */
export const notComparedIn = (manifest: BackupManifest): readonly NotCompared[] =>
  manifest.components.flatMap((component) => component.notCompared);

export const storedSizeBytes = (component: ComponentBackup): number =>
  component.artifacts.reduce((sum, artifact) => sum + artifact.stored.sizeBytes, 0);

/** The recovery point over all components: the earliest instant, and how far apart they lie. */
export function recoveryPoint(instants: readonly string[]): { at: string; skewMs: number } {
  const epochs = instants.map((instant) => Date.parse(instant));
  const earliest = Math.min(...epochs);
  return { at: new Date(earliest).toISOString(), skewMs: Math.max(...epochs) - earliest };
}
