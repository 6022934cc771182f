/** A look into what was recovered, before anyone says yes. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { MomentEngine } from '../../moment-engine.ts';
import { asReader } from '../recovery/as-reader.ts';
import { findRecovery, queryRecovered } from '../recovery/recovery-server.ts';
import { firstError } from '../server/psql-failure.ts';

export const queryMoment: MomentEngine<PostgresComponent>['query'] = async (ctx, component, { sql, database, csv }) => {
  const recovered = await findRecovery(ctx, component.name);
  if (recovered === null) throw new HoldfastFailure('ContainerNotFound', { operation: 'look at what was recovered', object: component.name, cause: 'nothing of this run stands ready', hint: 'It does from the plan on until the approval: holdfast watch RUN.' });
  const result = await queryRecovered(ctx, recovered, { sql: `${asReader}${sql}\n`, database: database ?? component.database, timeoutMs: ctx.timing.longActivityMs, asTheySet: true, format: csv ? ['--csv'] : ['-P', 'pager=off'] });
  if (result.exitCode === 0) return result.stdout;
  throw new HoldfastFailure('InvalidInput', { operation: 'look at what was recovered', object: component.name, cause: firstError(result.stderr), hint: 'It is read-only, the service as it was at that moment, asked as a role that may read every table (pg_read_all_data) and nothing else. For more, take a copy: --into NAME.' });
};
