/**
 * globals.sql, as pg_dumpall writes it, read as statements. Nothing of it is ever run as it stands: what is wanted is recognised token by token
 * and put together anew, so that no name, comment or password can be more than that. Pure.
 */

interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'sign';
  /** As it stands in SQL. */
  readonly raw: string;
  /** A name without its quotes, a word as it is. */
  readonly value: string;
}

type Statement = readonly Token[];

/** A comment, a psql command on a line of its own, or one token. */
const pattern = /\s+|--[^\n]*|\\[^\n]*|(?<word>[A-Za-z0-9_$\u0080-\uffff]+(?!'))|(?<name>"(?:[^"]|"")*")|(?<text>E'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*')|(?<sign>[\s\S])/gy;

function statementsOf(sql: string): readonly Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  for (const { groups } of sql.matchAll(pattern)) {
    const { word, name, text, sign } = groups ?? {};
    if (sign === ';') {
      statements.push(tokens);
      tokens = [];
    } else if (word !== undefined) tokens.push({ kind: 'word', raw: word, value: word });
    else if (name !== undefined) tokens.push({ kind: 'name', raw: name, value: name.slice(1, -1).replaceAll('""', '"') });
    else if (text !== undefined) tokens.push({ kind: 'text', raw: text, value: text });
    else if (sign !== undefined) tokens.push({ kind: 'sign', raw: sign, value: sign });
  }
  return statements;
}

/** Does a statement begin with these words? */
const begins = (statement: Statement, ...words: readonly string[]): boolean => words.every((word, place) => statement[place]?.kind === 'word' && statement[place].value === word);

const isName = (token: Token | undefined): token is Token => token?.kind === 'word' || token?.kind === 'name';

/** The tablespaces of the server, but for the built-in ones. */
export const tablespacesIn = (globals: string): readonly string[] =>
  statementsOf(globals).flatMap((statement) => (begins(statement, 'CREATE', 'TABLESPACE') && isName(statement[2]) ? [statement[2].value] : []));

/** What a role may do, and no more; each followed by what it takes. */
const attributes: Readonly<Record<string, 'text' | 'word' | null>> = {
  SUPERUSER: null, NOSUPERUSER: null, INHERIT: null, NOINHERIT: null, CREATEROLE: null, NOCREATEROLE: null, CREATEDB: null, NOCREATEDB: null, LOGIN: null, NOLOGIN: null,
  REPLICATION: null, NOREPLICATION: null, BYPASSRLS: null, NOBYPASSRLS: null, PASSWORD: 'text', CONNECTION: null, LIMIT: 'word', VALID: null, UNTIL: 'text',
};

function areAttributes(tokens: readonly Token[]): boolean {
  const [first, second, ...rest] = tokens;
  if (first === undefined) return true;
  const takes = first.kind === 'word' && Object.hasOwn(attributes, first.value) ? attributes[first.value] : undefined;
  if (takes === undefined) return false;
  return takes === null ? areAttributes(tokens.slice(1)) : second?.kind === takes && areAttributes(rest);
}

export interface Login {
  readonly name: string;
  readonly password: 'none' | 'md5' | 'scram';
}

/** Roles that may log in, and what the globals know of their passwords: nothing where they were read by somebody who may not see them. */
export function loginsIn(globals: string): readonly Login[] {
  return statementsOf(globals).flatMap((statement): readonly Login[] => {
    const [, , role, , ...rest] = statement;
    if (!begins(statement, 'ALTER', 'ROLE') || !isName(role) || statement[3]?.value !== 'WITH' || !rest.some(({ kind, value }) => kind === 'word' && value === 'LOGIN')) return [];
    const place = rest.findIndex(({ kind, value }) => kind === 'word' && value === 'PASSWORD');
    const text = place === -1 ? undefined : rest[place + 1]?.value;
    return [{ name: role.value, password: text === undefined ? 'none' : text.includes('SCRAM-SHA-256$') ? 'scram' : 'md5' }];
  });
}

export interface RoleStatements {
  /** SQL that makes the roles what they were; it holds passwords. */
  readonly statements: readonly string[];
  /** `app in readers`: memberships in roles that the server does not have. */
  readonly impossible: readonly string[];
}

/**
 * What makes these roles what they were: attributes, password, settings, comment, and the roles that they are members of. Others are not altered:
 * what was a member of one of these, and was there all along, stays as it is.
 * @param roles made by a run of ours @param existing all roles of the server
 */
export function roleStatements(globals: string, roles: readonly string[], existing: readonly string[]): RoleStatements {
  const [ours, all] = [new Set(roles), new Set([...roles, ...existing])];
  const statements: string[] = [];
  const impossible: string[] = [];
  for (const statement of statementsOf(globals)) {
    const [, , third, fourth, ...rest] = statement;
    const text = (tokens: Statement): string => tokens.map(({ raw }) => raw).join(' ');
    if (begins(statement, 'ALTER', 'ROLE') && isName(third) && ours.has(third.value)) {
      const isWhole = fourth?.value === 'WITH' ? areAttributes(rest) : fourth?.value === 'SET' && rest.length > 2;
      if (isWhole) statements.push(`${text(statement)};`);
    } else if (begins(statement, 'GRANT') && isName(statement[1]) && third?.value === 'TO' && isName(fourth) && ours.has(fourth.value)) {
      // Who granted it may not be here; it is we who grant it now.
      const until = rest.findIndex(({ kind, value }) => kind === 'word' && value === 'GRANTED');
      if (all.has(statement[1].value)) statements.push(`${text(until === -1 ? statement : statement.slice(0, until + 4))};`);
      else impossible.push(`${fourth.value} in ${statement[1].value}`);
    } else if (begins(statement, 'COMMENT', 'ON', 'ROLE') && isName(fourth) && ours.has(fourth.value) && rest[1]?.kind === 'text' && rest.length === 2) {
      statements.push(`${text(statement)};`);
    }
  }
  return { statements, impossible };
}
