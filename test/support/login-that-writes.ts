/** A trigger on login as PostgreSQL's documentation shows one (17 and later): it writes a row for each session, and finds its table by the search path of whoever came. */
export const loginThatWrites = `CREATE TABLE logins (at timestamptz);
  CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO logins VALUES (now()); END $$;
  CREATE EVENT TRIGGER noted ON login EXECUTE FUNCTION note();`;
