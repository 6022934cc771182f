/** What will be gone when a recovered copy takes the place of the live data: told by comparing the two, where the live server answers. */
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { Loss } from '../../../domain/restore-plan.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { queryRecovered, type RecoveryServer } from '../recovery/recovery-server.ts';
import { firstError } from '../server/psql-failure.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import { readLossOutput, rowNotes, type LiveTable } from '../side/loss.ts';
import { answers } from './answers.ts';
import type { DataSighting } from './data-place.ts';

interface RecoveredSide {
  /** `pg_current_snapshot()` in the copy: which transactions it has. */
  readonly snapshot: string;
  readonly systemIdentifier: string;
  /** Null where the copy has no such database. */
  readonly tables: readonly LiveTable[] | null;
}

const nothingReplaced = 'There is no server: nothing is replaced.';
const lossSince = (component: PostgresComponent, after: string) => ({ component: component.name, after, seconds: Math.max(0, Math.round((Date.now() - Date.parse(after)) / 1000)), transactions: null });

/** Where nobody can be asked. @param after as for {@link lossAgainst} */
export const lossUnasked = (component: PostgresComponent, { hasServer }: Pick<DataSighting, 'hasServer'>, after: string): Loss =>
  ({ ...lossSince(component, after), notes: [hasServer ? 'The live server does not answer: what was committed since is not known. Its files are kept.' : nothingReplaced] });

/** After the plan was shown and approved: what is lost stands there, and is not counted again. @param after as for {@link lossAgainst} */
export const lossAsPlanned = (component: PostgresComponent, after: string): Loss => ({ ...lossSince(component, after), notes: [] });

export interface LossFound {
  readonly loss: Loss;
  /** Did the live server say it, or could it have? */
  readonly isAnswering: boolean;
}

/** @param after the instant up to which everything is in the copy, ISO 8601 */
export async function lossAgainst(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, recovered: RecoveryServer, after: string): Promise<LossFound> {
  const { container, control, hasServer } = sighting;
  const silent = (loss: Loss): LossFound => ({ loss, isAnswering: false });
  const since = lossSince(component, after);
  const copy = await readRecovered(ctx, component, recovered);
  const notThere = copy.tables === null ? [`There is no database ${component.database} at that moment.`] : [];
  if (!hasServer) return silent({ ...since, notes: [nothingReplaced, ...notThere] });
  if (container.state !== 'running') return silent({ ...since, notes: ['The live server does not run: what was committed since is not known. Its files are kept.', ...notThere] });
  const isSame = control?.systemIdentifier === copy.systemIdentifier;
  const otherCluster = isSame ? [] : ['The live server is another cluster than the one that was backed up.'];
  try {
    const output = await runPsql(ctx, {
      containerId: container.id, component, database: component.database, operation: 'count what would be lost', sql: statements['loss.sql'], variables: { at: after, snapshot: isSame ? copy.snapshot : '' }, timeoutMs: ctx.timing.quickActivityMs,
    });
    const live = readLossOutput(output);
    return { loss: { ...since, seconds: live.seconds, transactions: live.transactions, notes: [...otherCluster, ...notThere, ...(copy.tables === null ? [] : rowNotes(copy.tables, live.tables, 'at that moment'))] }, isAnswering: true };
  } catch (error) {
    if (!isFailure(error)) throw error;
    // It may only lack that one database.
    return { loss: { ...since, notes: [...otherCluster, ...notThere, `The live server does not answer (${error.fields.cause}): what was committed since is not known. Its files are kept.`] }, isAnswering: await answers(ctx, component, sighting) };
  }
}

async function readRecovered(ctx: EngineContext, component: PostgresComponent, recovered: RecoveryServer): Promise<RecoveredSide> {
  const factsSql = 'SELECT json_build_object(\'snapshot\', pg_current_snapshot()::text, \'systemIdentifier\', (SELECT system_identifier::text FROM pg_control_system()), \'there\', EXISTS (SELECT FROM pg_database WHERE datname = :\'database\'));';
  // At once, though the second fails where there is no such database: each takes a psql of its own, and nobody writes there in between.
  const [facts, tables] = await Promise.allSettled([
    asked(ctx, recovered, factsSql, { database: component.database }, 'template1'),
    asked(ctx, recovered, statements['loss.sql'], { at: new Date().toISOString(), snapshot: '' }, component.database),
  ]);
  if (facts.status === 'rejected') throw facts.reason;
  const { there, ...side } = JSON.parse(facts.value) as Omit<RecoveredSide, 'tables'> & { there: boolean };
  if (!there) return { ...side, tables: null };
  if (tables.status === 'rejected') throw tables.reason;
  return { ...side, tables: readLossOutput(tables.value).tables };
}

async function asked(ctx: EngineContext, recovered: RecoveryServer, sql: string, variables: Parameters<typeof psqlVariables>[0], database: string): Promise<string> {
  const result = await queryRecovered(ctx, recovered, { sql: psqlVariables(variables) + sql, database, timeoutMs: ctx.timing.quickActivityMs });
  if (result.exitCode === 0) return result.stdout;
  throw new HoldfastFailure('RestoreFailed', { operation: 'compare what was recovered', object: recovered.server.name, cause: firstError(result.stderr), hint: 'Nothing live was changed.' });
}
