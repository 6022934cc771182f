/** A condition asked of a copy that stands at a moment. What people wrote reaches the server as data, and psql reads none of it. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import { relationText, type Condition, type Relation } from '../../../domain/find/condition.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { Look } from '../../moment-engine.ts';
import { asReader } from '../recovery/as-reader.ts';
import { queryRecovered, type RecoveryServer } from '../recovery/recovery-server.ts';
import { firstError } from '../server/psql-failure.ts';

/** A count of a large table takes minutes. */
const statementMs = 15 * 60_000;
/** Whoever holds the table will not let go of it while the copy stands still. */
const lockMs = 3_000;

type Answer = Omit<Look, 'lastCommitAt'>;

/** @throws InvalidInput, CouldNotVerify */
export async function askCondition(ctx: EngineContext, server: RecoveryServer, component: PostgresComponent, condition: Condition): Promise<Answer> {
  const first = condition.kind === 'sql' ? asReader : condition.kind === 'shrunk' ? tablesSql(condition.relation) : '';
  const sql = `\\set VERBOSITY verbose\nSET search_path = ''; SET statement_timeout = ${statementMs}; SET lock_timeout = ${lockMs}; SET default_transaction_read_only = on;\n${nextSql}\n${first}${questionOf(condition)}\n`;
  const { exitCode, stdout, stderr } = await queryRecovered(ctx, server, { sql, database: component.database, timeoutMs: statementMs + ctx.timing.execMs, asTheySet: true });
  const [printed, ...answers] = stdout.trim().split('\n');
  const tables = condition.kind === 'shrunk' ? { tables: (answers.shift() ?? '').split(' ').filter((each) => each !== '') } : {};
  const [answer] = answers;
  const nextXid = printed !== undefined && /^\d+$/.test(printed) ? printed : await readNextXid(ctx, server);
  if (exitCode === 0) return { ...tables, nextXid, note: null, value: valueOf(condition, answer ?? '') };
  const state = /(?:ERROR|FATAL): +([0-9A-Z]{5}):/.exec(stderr)?.[1] ?? (/FATAL: +database "[^]*" does not exist/.test(stderr) ? '3D000' : '');
  if (absent.has(state)) return { nextXid, note: firstError(stderr), value: condition.kind === 'shrunk' ? 0 : false };
  if (state === '55P03') return { ...tables, nextXid, note: firstError(stderr), value: null };
  throw refusal(condition, state, firstError(stderr));
}

/** What a question names is not there: no such database, table, schema, column, function, type. */
const absent = new Set(['3D000', '42P01', '3F000', '42703', '42883', '42704']);

function refusal(condition: Condition, state: string, words: string): HoldfastFailure {
  const call = { operation: 'ask the condition', object: condition.kind === 'sql' ? 'the query' : relationText(condition.relation), cause: words };
  if (state === '57014') return new HoldfastFailure('CouldNotVerify', { ...call, hint: `It may take ${statementMs / 60_000} minutes. Ask something that the indexes answer, or look for --dropped.` });
  if (state === '42501' && condition.kind === 'sql') return new HoldfastFailure('InvalidInput', { ...call, hint: 'The query may read every table (pg_read_all_data) and nothing else. A table with row security is asked for with --shrunk.' });
  if (condition.kind === 'sql') return new HoldfastFailure('InvalidInput', { ...call, hint: 'Give one SELECT that answers true while all is well: SELECT count(*) > 1000 FROM orders.' });
  return new HoldfastFailure('CouldNotVerify', { ...call, hint: 'The copy was removed; nothing live was touched.' });
}

/** With more of them the log is read without. */
const tablesAtMost = 1_000;

/** Of a partitioned or inherited table those below it. Asks the catalog, which nobody keeps locked. */
const tablesSql = ({ schema, name }: Relation): string => `WITH RECURSIVE tree (relation) AS (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = ${literal(name)} AND n.nspname = ${literal(schema)}
    UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = relation)
  SELECT CASE WHEN count(*) <= ${tablesAtMost} THEN string_agg(d.oid || '/' || c.oid, ' ') END
  FROM tree JOIN pg_class c ON c.oid = relation, pg_database d WHERE c.relkind = 'r' AND d.datname = current_database();\n`;

const nextSql = 'SELECT pg_snapshot_xmax(pg_current_snapshot());';

async function readNextXid(ctx: EngineContext, server: RecoveryServer): Promise<string> {
  const { exitCode, stdout, stderr } = await queryRecovered(ctx, server, { sql: `${nextSql}\n`, timeoutMs: ctx.timing.execMs });
  if (exitCode === 0 && /^\d+$/.test(stdout.trim())) return stdout.trim();
  throw new HoldfastFailure('RestoreFailed', { operation: 'read what was replayed', object: server.server.name, cause: firstError(stderr), hint: 'The step is tried again by starting the run anew.' });
}

function questionOf(condition: Condition): string {
  switch (condition.kind) {
    case 'dropped': return `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = ${literal(condition.relation.name)} AND n.nspname = ${literal(condition.relation.schema)} AND c.relkind IN ('r', 'p', 'v', 'm', 'f'));`;
    // A view may need the path that its owner counts on.
    case 'shrunk': return `SELECT 'RESET search_path', format('SELECT pg_catalog.count(*) FROM %I.%I', ${schemaAndName(condition.relation)}) \\gexec`;
    // ts_stat runs its text as one query through a cursor, read-only: a second statement, a COPY and whatever else is no query is refused.
    case 'sql': return `SELECT word OPERATOR(pg_catalog.=) 'yes' FROM pg_catalog.ts_stat(${literal(`SELECT CASE WHEN (\n${condition.sql}\n) THEN 'yes'::pg_catalog.tsvector ELSE 'no'::pg_catalog.tsvector END`)});`;
  }
}

const schemaAndName = ({ schema, name }: Relation): string => `${literal(schema)}, ${literal(name)}`;

/** Text as SQL has it, with nothing in it that psql or a lexer could take for its own. */
const literal = (text: string): string => `pg_catalog.convert_from(pg_catalog.decode('${Buffer.from(text, 'utf8').toString('base64')}', 'base64'), 'UTF8')`;

function valueOf({ kind }: Condition, printed: string): boolean | number {
  if (kind === 'shrunk' ? /^\d+$/.test(printed) : /^[tf]$/.test(printed)) return kind === 'shrunk' ? Number(printed) : printed === 't';
  throw new HoldfastFailure('CouldNotVerify', { operation: 'ask the condition', object: kind, cause: 'the answer is none', hint: 'Please report this: it is a mistake in Holdfast.' });
}
