/** Every index against its table, and every table by itself, by PostgreSQL's own pg_amcheck. */
import type { PostgresBackup, PostgresDump } from '../../../domain/backup-manifest.ts';
import { checkName, drillCheck, type DrillCheck } from '../../../domain/drill/check.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted } from '../../../domain/wording.ts';
import type { DrillServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { firstError } from '../server/psql-failure.ts';
import { runPsql } from '../server/psql.ts';
import { asRoot } from './drill-connection.ts';

/** Where images have programs; Debian's own layout has PostgreSQL's where no PATH leads. */
const pathFor = (majorVersion: number): string => `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/${majorVersion}/bin`;
/** It did its work and found something; any other is no answer. */
const damaged = 2;
const shown = 3;
/** As what replicates does it, so that no event trigger of the original's has a say. */
const unnoticed = 'session_replication_role=replica';

/** Null where the image has no amcheck: then nothing of it is compared, and nothing is wrong. */
export async function checkIndexes(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresBackup): Promise<DrillCheck | null> {
  const root = asRoot(component, backup);
  const available = await runPsql(ctx, { containerId, component: root, database: component.database, operation: 'look for amcheck', sql: 'SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = \'amcheck\';' });
  if (available.trim() !== '1') return null;
  ctx.progress({ phase: 'check every index' });
  // A throwaway server: what dies in its container harms nobody, and with it goes the extension.
  const { exitCode, stdout, stderr } = await ctx.runtime.exec(containerId, {
    argv: ['pg_amcheck', '--no-password', '--all', '--install-missing', '--heapallindexed', '--jobs=2'], timeoutMs: ctx.timing.longActivityMs, signal: ctx.signal,
    environment: { PATH: pathFor(backup.server.majorVersion), PGHOST: '/var/run/postgresql', PGPORT: '5432', PGUSER: root.user, LC_ALL: 'C', PGOPTIONS: `-c statement_timeout=0 -c lock_timeout=0 -c default_transaction_read_only=off -c ${unnoticed}` },
  });
  const name = checkName('amcheck', component.name);
  if (exitCode === 0) return drillCheck(name, component.name, 'asExpected', 'Every index fits its table, and every table could be read through (pg_amcheck).');
  if (exitCode !== damaged) return drillCheck(name, component.name, 'helperFailed', `pg_amcheck ended with ${exitCode}: ${firstError(stderr)}`);
  // The lines under each name rows.
  const found = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' ')).map((line) => line.replace(/:$/, ''));
  return drillCheck(name, component.name, 'indexCorrupt', `${counted(found.length, 'relation')} damaged: ${found.slice(0, shown).join('; ')}${found.length > shown ? '; …' : ''}.`);
}

/** What the check, or an attempt at it that was given up, has installed in the drill's database: it would be counted as something that the backup does not know. */
export async function removeAmcheck(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresDump): Promise<void> {
  if (backup.extensions.some(({ name }) => name === 'amcheck')) return;
  await runPsql(ctx, { containerId, component: asRoot(component, backup), database: component.database, operation: 'take amcheck away', sql: `SET ${unnoticed};\nDROP EXTENSION IF EXISTS amcheck;\n` });
}
