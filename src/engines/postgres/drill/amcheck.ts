/** Every index against its table, and every table by itself, by PostgreSQL's own pg_amcheck. */
import type { NotCompared, PostgresBackup, PostgresDump } from '../../../domain/backup-manifest.ts';
import type { CheckClass } from '../../../domain/drill/check-class.ts';
import { checkName, drillCheck, type DrillCheck } from '../../../domain/drill/check.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted } from '../../../domain/wording.ts';
import type { DrillServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { readAmcheck } from '../base/amcheck-output.ts';
import { firstError } from '../server/psql-failure.ts';
import { runPsql } from '../server/psql.ts';
import { realProgram } from '../server/real-program.ts';
import { asRoot } from './drill-connection.ts';

/** It did its work and had errors to tell; any other is no answer. */
const withErrors = 2;
const shown = 3;
/** As what replicates does it, so that no event trigger of the original's has a say. */
const unnoticed = 'session_replication_role=replica';

export interface CheckedIndexes {
  readonly check: DrillCheck;
  readonly notCompared: readonly NotCompared[];
}

/** Null where the image has no amcheck: then nothing of it is compared, and nothing is wrong. */
export async function checkIndexes(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresBackup): Promise<CheckedIndexes | null> {
  const root = asRoot(component, backup);
  const available = await runPsql(ctx, { containerId, component: root, database: component.database, operation: 'look for amcheck', sql: 'SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = \'amcheck\';' });
  if (available.trim() !== '1') return null;
  ctx.progress({ phase: 'check every index' });
  // A throwaway server: what dies in its container harms nobody, and with it goes the extension.
  const { exitCode, stdout, stderr } = await ctx.runtime.exec(containerId, {
    argv: realProgram('pg_amcheck', '--no-password', '--all', '--install-missing', '--heapallindexed', '--jobs=2', '--verbose'), timeoutMs: ctx.timing.longActivityMs, signal: ctx.signal,
    environment: { PGHOST: '/var/run/postgresql', PGPORT: '5432', PGUSER: root.user, LC_ALL: 'C', PGOPTIONS: `-c statement_timeout=0 -c lock_timeout=0 -c default_transaction_read_only=off -c ${unnoticed}` },
  });
  const { damaged, notCompared, unanswered } = readAmcheck(exitCode === withErrors ? stdout : null);
  const answer = (found: CheckClass, sentence: string): CheckedIndexes => ({ check: drillCheck(checkName('amcheck', component.name), component.name, found, sentence), notCompared });
  if (damaged.length > 0) return answer('indexCorrupt', `${counted(damaged.length, 'relation')} damaged: ${listed(damaged)}.`);
  if (unanswered.length > 0) return answer('helperFailed', `pg_amcheck could not look at ${counted(unanswered.length, 'relation')}: ${listed(unanswered)}.`);
  if (exitCode !== 0 && exitCode !== withErrors) return answer('helperFailed', `pg_amcheck ended with ${exitCode}: ${firstError(stderr)}`);
  const but = notCompared.length === 0 ? '' : `, but for ${listed(notCompared.map(({ object }) => object))}, whose own function ends in an error where amcheck evaluates it`;
  return answer('asExpected', `Every index fits its table, and every table could be read through (pg_amcheck)${but}.`);
}

const listed = (all: readonly string[]): string => `${all.slice(0, shown).join('; ')}${all.length > shown ? '; …' : ''}`;

/** What the check, or an attempt at it that was given up, has installed in the drill's database: it would be counted as something that the backup does not know. */
export async function removeAmcheck(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresDump): Promise<void> {
  if (backup.extensions.some(({ name }) => name === 'amcheck')) return;
  await runPsql(ctx, { containerId, component: asRoot(component, backup), database: component.database, operation: 'take amcheck away', sql: `SET ${unnoticed};\nDROP EXTENSION IF EXISTS amcheck;\n` });
}
