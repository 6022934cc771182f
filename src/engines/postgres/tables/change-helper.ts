/** The helper in which everything happens that is about rows of the live tables: comparing, merging, taking back. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresTablesCutOver, RestoredTable } from '../../../domain/rollback.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { EngineContext } from '../../engine-context.ts';
import { look } from '../inspect.ts';
import { noEventTriggers, passwordOf } from '../server/connection.ts';
import { failedStep, runPostgresHelper } from '../server/postgres-helper.ts';
import { failureFrom, firstError } from '../server/psql-failure.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { scripts, tableSql } from '../server/script-text.ts';
import type { ServerPlace } from '../side/side-database.ts';
import { membersText } from './as-they-were.ts';

export interface TableChange {
  readonly mode: 'compare' | 'merge' | 'back';
  readonly source: PostgresTablesCutOver['source'];
  /** In the order of their numbers. */
  readonly tables: readonly (RestoredTable & { readonly showKeys?: boolean })[];
  readonly exact: boolean;
  readonly kept: string;
}

const sqlOf = { compare: 'compare.sql', merge: 'merge.sql', back: 'take-back.sql' } as const;
const phaseOf = { compare: 'compare the tables', merge: 'put the rows back', back: 'take the rows back' } as const;

/**
 * Runs one change to its end. A lock that is not to be had in time is given up on, and asked for again: whoever waits for a table keeps all others waiting
 * that come after. @throws TableLocked, PlanChanged, ForeignKeysBroken, DiskFull, CutOverFailed, HelperLost
 */
export async function changeTables(ctx: EngineContext, place: ServerPlace, change: TableChange): Promise<HelperResult> {
  const { mode, source, tables, exact, kept } = change;
  // What stands in the way of a restore was asked before it began; taking back must not be kept from it.
  const { container, server } = await look(ctx, place.component, 'backup');
  const fromFiles = source.kind === 'files';
  const request = { mode, source: source.kind, sourceSchema: fromFiles ? null : source.schema, exact, kept, tables };
  const result = await runPostgresHelper(ctx, {
    component: place.component, step: `table-${mode}`, imageId: container.imageId, network: `container:${container.id}`, port: server.port, majorVersion: server.majorVersion, database: place.component.database,
    script: scripts.changeTables, args: [sqlOf[mode], String(fromFiles ? tables.length : 0)], password: await passwordOf(ctx, place.component), phase: phaseOf[mode],
    settings: noEventTriggers(server.majorVersion),
    mounts: fromFiles ? [{ type: 'volume', source: source.volume, target: '/source', readOnly: true }] : [],
    files: { ...tableSql, 'expected.members': fromFiles ? membersText(source.files) : '', 'request.sql': psqlVariables({ request: JSON.stringify(request), kept, lock_wait_ms: ctx.timing.tableLockMs }) },
  });
  if (result.exitCode !== 0) throw changeFailure(result, `${place.component.container}/${place.component.database}`, phaseOf[mode]);
  return result;
}

const unchanged = 'Nothing was changed: it is one transaction, and it was taken back.';

/** By the SQLSTATE that psql was told to print: classes of the server's, and three of our own. */
export function changeFailure(result: HelperResult, object: string, operation: string): HoldfastFailure {
  const { step, messages: coded } = failedStep(result);
  const call = { operation, object };
  if (step === 'damaged') return new HoldfastFailure('PlanChanged', { ...call, cause: 'the files that were made ready are not there any more, or not as they were', hint: 'Start again; nothing was changed.' });
  const [, state = '', text = ''] = /(?:ERROR|FATAL): +([0-9A-Z]{5}): (.*)/.exec(coded) ?? [];
  // As everybody else reads them: values in them are recognised by the words before.
  const messages = coded.replace(/((?:ERROR|FATAL): +)[0-9A-Z]{5}: /g, '$1');
  if (state === 'HF001') return new HoldfastFailure('PlanChanged', { ...call, cause: text, hint: `${unchanged} Start again and look at the new plan.` });
  if (state === 'HF002') return new HoldfastFailure('ForeignKeysBroken', { ...call, cause: text, hint: `${unchanged} Restore the other table with it: --table may be given several times.` });
  if (state === 'HF003') return new HoldfastFailure('CutOverFailed', { ...call, cause: text, hint: `${unchanged} A trigger that is enabled ALWAYS changes what is written: disable it for the time of the restore.` });
  if (state === '55P03' || state === '40P01') return new HoldfastFailure('TableLocked', { ...call, cause: firstError(messages), hint: 'Another session holds or wants one of the tables: the step is tried again.' });
  if (state === '23505' || state === '23P01') return new HoldfastFailure('CutOverFailed', { ...call, cause: firstError(messages), hint: `${unchanged} A row that came since has the same value: with --exact such rows go.` });
  return failureFrom(messages, call, { type: 'CutOverFailed', hint: `${unchanged} Look at the named object.` });
}
