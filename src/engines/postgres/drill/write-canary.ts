/** Whether the server that came back takes writes: a nonce that its user writes, and that a new connection finds. */
import { randomBytes } from 'node:crypto';
import type { PostgresBackup } from '../../../domain/backup-manifest.ts';
import { checkName, drillCheck, type DrillCheck } from '../../../domain/drill/check.ts';
import { classOfFailure } from '../../../domain/drill/check-class.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { DrillServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { runPsql } from '../server/psql.ts';
import { asRoot } from './drill-connection.ts';

/** As what replicates does it, so that no event trigger of the original's has a say. */
const unnoticed = 'SET search_path = \'\';\nSET session_replication_role = replica;\n';
/** A place of its own, which its user may write to whatever else he may; gone before anybody else looks. */
const make = `${unnoticed}DROP SCHEMA IF EXISTS holdfast_drill CASCADE;\nCREATE SCHEMA holdfast_drill;\nCREATE TABLE holdfast_drill.canary (nonce text NOT NULL);\nGRANT USAGE ON SCHEMA holdfast_drill TO :"user";\nGRANT SELECT, INSERT ON holdfast_drill.canary TO :"user";\n`;

export async function writeCanary(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresBackup): Promise<DrillCheck> {
  const { user, database, name } = component;
  const nonce = randomBytes(16).toString('hex');
  const call = { containerId, database, otherwise: 'RestoreFailed' as const };
  const root = { ...call, component: asRoot(component, backup), operation: 'make a place for a nonce' };
  const own = { ...call, component: { engine: 'postgres' as const, name, container: component.container, database, user } };
  try {
    await runPsql(ctx, { ...root, sql: make, variables: { user } });
    await runPsql(ctx, { ...own, operation: 'write a nonce', sql: 'INSERT INTO holdfast_drill.canary VALUES (:\'nonce\');\n', variables: { nonce } });
    const found = await runPsql(ctx, { ...own, operation: 'read the nonce', sql: 'SELECT count(*) FROM holdfast_drill.canary WHERE nonce = :\'nonce\';\n', variables: { nonce } });
    await runPsql(ctx, { ...root, operation: 'take the nonce away', sql: `${unnoticed}DROP SCHEMA holdfast_drill CASCADE;\n` });
    if (found.trim() === '1') return drillCheck(checkName('canary', name), name, 'asExpected', `A nonce that ${user} wrote to the server after it came back was read in a new connection: it takes writes. It says nothing about what the backup holds.`);
    return drillCheck(checkName('canary', name), name, 'restoreFailed', 'A nonce that was written after the server came back was not there in a new connection.');
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof HoldfastFailure) || error.retryable) throw error;
    const what = error.type === 'AuthenticationFailed' ? 'roleMissing' : error.type === 'PermissionDenied' ? 'restoreFailed' : classOfFailure(error.type);
    return drillCheck(checkName('canary', name), name, what, `${error.fields.operation}: ${error.fields.cause}.`);
  }
}
