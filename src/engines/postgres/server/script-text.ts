/** The checked-in SQL and sh files beside this code, read once at module load: they are code, and travel with the package as files. */
import { readFileSync } from 'node:fs';
import { isThereFunctions } from '../../../containers/away-storage.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const prelude = read('scripts/prelude.sh');
/** Of data that is replaced where it lies: their first two arguments are the data directory, and the run that drops it. */
const replacing = (name: string): string => `${prelude}\n${isThereFunctions}\nlive=$1 run=$2\n${read('scripts/replace/copy.sh')}\n${read(`scripts/replace/${name}`)}`;

/** Each helper's whole script: the common beginning and its own part. */
export const scripts = {
  backUp: `${prelude}\n${read('scripts/back-up.sh')}`,
  restore: `${prelude}\n${read('scripts/restore.sh')}`,
  baseBackup: `${prelude}\n${read('scripts/base-backup.sh')}`,
  baseCheck: `${prelude}\n${read('scripts/unpack-base.sh')}\n${read('scripts/base-check.sh')}`,
  arrangeRecovery: `${prelude}\n${read('scripts/unpack-base.sh')}\n${read('scripts/recovery/arrange.sh')}`,
  aimRecovery: `${prelude}\n${read('scripts/unpack-base.sh')}\n${read('scripts/recovery/aim.sh')}`,
  surveyLog: `${prelude}\n${read('scripts/find/survey.sh')}`,
  readLog: `${prelude}\n${read('scripts/recovery/read-log.sh')}`,
  lookAtDirectory: `${prelude}\n${isThereFunctions}\n${read('scripts/directory/look.sh')}`,
  finishDirectory: `${prelude}\n${read('scripts/directory/finish.sh')}`,
  createCluster: `${prelude}\n${read('scripts/directory/create-cluster.sh')}`,
  finishCopy: `${prelude}\n${read('scripts/start-alone.sh')}\n${read('scripts/copy/finish.sh')}`,
  finishCluster: `${prelude}\n${read('scripts/start-alone.sh')}\n${read('scripts/directory/finish-cluster.sh')}`,
  removeDirectories: `${isThereFunctions}\n${read('scripts/directory/remove.sh')}`,
  exchangeDirectory: `${isThereFunctions}\n${read('scripts/directory/exchange.sh')}`,
  measureDirectory: `${prelude}\n${read('scripts/replace/measure.sh')}`,
  copyOut: replacing('copy-out.sh'),
  dropDirectory: replacing('drop.sh'),
  putBack: replacing('put-back.sh'),
  layOutCopy: replacing('lay-out.sh'),
  exportTables: `${prelude}\n${read('scripts/tables/export.sh')}`,
  changeTables: `${prelude}\n${read('scripts/tables/change.sh')}`,
  dumpBeside: `${prelude}\n${read('scripts/tables/dump-beside.sh')}`,
  restoreBeside: `${prelude}\n${read('scripts/tables/restore-beside.sh')}`,
  exportSql: `${prelude}\n${read('scripts/export-sql.sh')}`,
  importSql: `${prelude}\n${read('scripts/import-sql.sh')}`,
  readContent: `${prelude}\n${read('scripts/read-content.sh')}`,
} as const;

/** What lies beside a copy that is recovered, by file name. */
export const recoveryFiles = Object.fromEntries(['fetch-segment.sh', 'serve-segments.sh', 'make-places.sh', 'run-server.sh'].map((name) => [name, read(`scripts/recovery/${name}`)]));

/** The same for a cluster that is filled from a dump. */
export const clusterFiles = { 'run-server.sh': read('scripts/directory/run-cluster.sh') } as const;
/** For a copy that is looked at from one moment to the next: in place of run-server.sh, and what sends it on. */
export const walkScripts = { runServer: read('scripts/find/run-server.sh'), goOn: read('scripts/find/go-on.sh') };

/** What a copy's server is started with, for as long as it is kept. */
export const copyScripts = { runServer: read('scripts/copy/run-server.sh') } as const;

/** What survey.sh reads pg_waldump's lines with. */
export const surveyAwk = read('scripts/find/survey.awk');

/** What import-sql.sh works with, by the names that it has there. */
export const importFiles = { 'plain-dump.awk': read('scripts/plain-dump.awk'), 'import-roles.sql': read('sql/in-helper/import-roles.sql') } as const;

/** What looks after a log beside its database is no helper: these have a beginning of their own, and a session with its SQL. */
const receiverPrelude = read('scripts/receiver-prelude.sh');
export const receiverScript = `${receiverPrelude}\n${read('scripts/receive.sh')}`;
export const sampleSql = `${read('sql/in-helper/sample.sql')}${read('sql/in-helper/beat.sql')}`;
/** The same where the server archives its log itself; and what is asked beside it. */
export const watchScript = `${receiverPrelude}\n${read('scripts/archive/watch.sh')}`;
export const archiveSampleSql = `${read('sql/in-helper/sample-archive.sql')}${read('sql/in-helper/beat.sql')}`;
export const lookAtArchiving = read('scripts/archive/look.sh');
export const listArchived = read('scripts/archive/list.sh');
/** The server's own archive_command, put on a volume of its container; and what puts it there and takes it away. */
export const archiveScript = read('scripts/archive/archive.sh');
export const installScript = read('scripts/archive/install.sh');
export const uninstallScript = read('scripts/archive/uninstall.sh');

const filesOf = <Name extends string>(directory: string, ...names: readonly Name[]): Readonly<Record<Name, string>> =>
  Object.fromEntries(names.map((name) => [name, read(`sql/${directory}/${name}`)])) as Record<Name, string>;

/** SQL by file name: what helpers find under /holdfast/work. */
export const sqlFiles = filesOf('in-helper', 'pins.sql', 'holder.sql', 'work.sql', 'content.sql', 'objects.sql', 'sequences.sql', 'facts.sql', 'close.sql', 'base-facts.sql');

/** SQL for a psql that is exec'd in the database's container. */
export const statements = filesOf(
  'in-server', 'inspect.sql', 'databases.sql', 'create-side.sql', 'roles.sql', 'drop-roles.sql', 'drop-database.sql', 'close-live.sql', 'swap.sql', 'roll-back.sql', 'open.sql', 'loss.sql', 'properties.sql', 'log.sql', 'mark.sql', 'canary.sql', 'log-settings.sql', 'lineage.sql', 'archiving.sql', 'server-room.sql', 'properties-of-live.sql', 'collations.sql',
);

/** SQL about single tables: for helpers, and (functions.sql) for a psql in the database's container. */
export const tableSql = filesOf('tables', 'functions.sql', 'foreign-keys.sql', 'changes.sql', 'compare.sql', 'merge.sql', 'take-back.sql', 'export.sql', 'move-beside.sql');
