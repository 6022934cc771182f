/** What a server says of itself at a preflight. */

/** What inspect.sql prints. */
export interface ServerReading {
  readonly version: string;
  readonly majorVersion: number;
  readonly systemIdentifier: string;
  /** Null where the user may not read it. */
  readonly dataDirectory: string | null;
  /** The one that it writes; null of a standby. */
  readonly timeline: number | null;
  readonly port: number;
  /** 0 where the database does not exist. */
  readonly databaseOid: number;
  readonly sizeBytes: number;
  /** Of tables and large objects, without indexes: what a dump is made of. */
  readonly tableBytes: number;
  readonly inRecovery: boolean;
  readonly superuser: boolean;
  readonly passwordsReadable: boolean;
  readonly maxWalBytes: number;
  readonly customTablespace: string | null;
  readonly userObjects: number;
  readonly rowSecurityTables: readonly string[];
  readonly unreadable: readonly string[];
  readonly preparedTransactions: readonly string[];
  readonly slots: readonly string[];
  readonly subscriptions: readonly string[];
}
