/** What is taken out of globals.sql, and what is not. */
import { describe, expect, it } from 'vitest';
import { loginsIn, roleStatements, tablespacesIn } from '../../../src/engines/postgres/server/globals.ts';

const globals = String.raw`--
-- PostgreSQL database cluster dump
--
\restrict aToken

SET standard_conforming_strings = on;
CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 5 PASSWORD 'SCRAM-SHA-256$4096:a=$b:c' VALID UNTIL '2030-01-01 00:00:00+00';
COMMENT ON ROLE app IS  E'it''s; \\! rm
-- two';
CREATE ROLE "Odd; ""Role";
ALTER ROLE "Odd; ""Role" WITH NOSUPERUSER LOGIN;
ALTER ROLE postgres WITH SUPERUSER PASSWORD 'other';
ALTER ROLE app SET search_path TO 'a', 'b';
ALTER ROLE app RENAME TO other;
GRANT readers TO app WITH ADMIN OPTION, INHERIT TRUE GRANTED BY "long gone";
GRANT outsiders TO app GRANTED BY postgres;
GRANT app TO postgres GRANTED BY postgres;
CREATE TABLESPACE fast OWNER postgres LOCATION '/fast';
CREATE TABLESPACE "Slow One" OWNER postgres LOCATION '/slow';
\unrestrict aToken
`;

it('tells who may log in, and with what password', () => {
  const others = 'ALTER ROLE old WITH LOGIN PASSWORD \'md5abc\';\nALTER ROLE "PASSWORD" WITH NOLOGIN PASSWORD \'x\';';
  expect(loginsIn(globals + others)).toEqual([{ name: 'app', password: 'scram' }, { name: 'Odd; "Role', password: 'none' }, { name: 'old', password: 'md5' }]);
});

describe('roleStatements', () => {
  it('makes the given roles what they were, and alters no other', () => {
    const { statements, impossible } = roleStatements(globals, ['app', 'Odd; "Role'], ['postgres', 'readers']);
    expect(statements).toEqual([
      'ALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 5 PASSWORD \'SCRAM-SHA-256$4096:a=$b:c\' VALID UNTIL \'2030-01-01 00:00:00+00\';',
      'COMMENT ON ROLE app IS E\'it\'\'s; \\\\! rm\n-- two\';',
      'ALTER ROLE "Odd; ""Role" WITH NOSUPERUSER LOGIN;',
      'ALTER ROLE app SET search_path TO \'a\' , \'b\';',
      'GRANT readers TO app WITH ADMIN OPTION , INHERIT TRUE;',
    ]);
    expect(impossible).toEqual(['app in outsiders']);
  });

  it('takes nothing that it does not know', () => {
    for (const statement of ['ALTER ROLE app WITH LOGIN; DROP ROLE x', 'ALTER ROLE app WITH PASSWORD app', 'ALTER ROLE app WITH LOGIN ADMIN x', 'ALTER ROLE app', 'DROP ROLE app']) {
      expect(roleStatements(`${statement};`, ['app'], []).statements.filter((each) => each !== 'ALTER ROLE app WITH LOGIN;')).toEqual([]);
    }
  });
});

it('tablespacesIn names those that the server had', () => {
  expect(tablespacesIn(globals)).toEqual(['fast', 'Slow One']);
});
