/** Assertions in SQL: by a role that may read and do nothing else, in a transaction that is read only, with the search path, the time and the answer's size bound. */
import { randomBytes } from 'node:crypto';
import type { PostgresBackup } from '../../../domain/backup-manifest.ts';
import type { Asked, Assertion } from '../../../domain/drill/assertion.ts';
import { isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { DrillServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { firstError } from '../server/psql-failure.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { runPsql } from '../server/psql.ts';
import { answerIn } from './csv-answer.ts';
import { asRoot, psqlAs } from './drill-connection.ts';

/** Made in the drill's server, and gone with it. */
const reader = 'holdfast_drill_reader';
const statementMs = 60_000;
const graceMs = 15_000;
const answerBytes = 256 * 1024;
const mostRows = 1_000;

/** Row security would hide from it what the assertion is about; and a trigger on login (17) writes, which it may not. */
const makeReader = `SET search_path = '';
SELECT format('CREATE ROLE %I', :'reader') WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'reader') \\gexec
ALTER ROLE :"reader" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;
GRANT pg_read_all_data TO :"reader";
GRANT CONNECT ON DATABASE :"database" TO :"reader";
SELECT format('ALTER ROLE %I SET event_triggers = off', :'reader') WHERE EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'event_triggers') \\gexec
`;

export async function askSql(ctx: EngineContext, component: PostgresComponent, server: DrillServer, backup: PostgresBackup, assertions: readonly Assertion[]): Promise<readonly Asked[]> {
  const { database } = component;
  await runPsql(ctx, { containerId: server.containerId, component: asRoot(component, backup), database, operation: 'make a role that only reads', sql: makeReader, variables: { reader, database }, otherwise: 'RestoreFailed' });
  const asked: Asked[] = [];
  for (const assertion of assertions) asked.push(assertion.kind === 'sql' ? await askOne(ctx, server, database, assertion.sql) : { failure: 'it is no question for PostgreSQL' });
  return asked;
}

const settings = [
  'search_path=pg_catalog,public', 'default_transaction_read_only=on', `statement_timeout=${statementMs}`, 'lock_timeout=10000', 'idle_in_transaction_session_timeout=60000', 'client_min_messages=error',
  'standard_conforming_strings=on', 'client_connection_check_interval=1000', 'max_parallel_workers_per_gather=0',
];

/** The text of the question goes to the server as a value, so that none of it is ever a command of psql's. Of SELECT and its like no more rows are fetched than are counted. */
async function askOne(ctx: EngineContext, server: DrillServer, database: string, question: string): Promise<Asked> {
  const nullMark = randomBytes(16).toString('hex');
  const fetches = !/^[\s(]*show\b/i.test(question);
  const sql = `${psqlVariables({ question: fetches ? `DECLARE holdfast_answer NO SCROLL CURSOR FOR ${question}` : question, null_mark: nullMark })}\\pset format csv
\\pset null :null_mark
BEGIN READ ONLY;
SELECT :'question' \\gexec
${fetches ? `FETCH FORWARD ${mostRows} FROM holdfast_answer;\n` : ''}ROLLBACK;
`;
  try {
    const { exitCode, stdout, stderr } = await psqlAs(ctx, server, sql, { user: reader, database, settings, timeoutMs: statementMs + graceMs, maxOutputBytes: answerBytes });
    return exitCode === 0 ? { answer: answerIn(stdout, nullMark) } : { failure: firstError(stderr.trim() === '' ? stdout : stderr) };
  } catch (error) {
    if (ctx.signal.aborted || !isFailure(error)) throw error;
    // More than may be answered, or longer than it may take: of one question, and the others can be asked.
    if (error.type === 'Internal') return { failure: `its answer is longer than ${answerBytes / 1024} KiB` };
    throw error;
  }
}
