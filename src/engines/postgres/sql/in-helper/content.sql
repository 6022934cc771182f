-- Counts and hashes what work.sql has given to this session, one line of JSON a piece; sums over pieces and sessions are exact because addition
-- does not care about order and sum(bigint) is a numeric of any size. Psql variables: session (1..sessions), lock_wait_ms.
\i /holdfast/work/pins.sql
-- Whoever wants a table for himself waits for the snapshot's session and keeps us waiting, while that session waits for us: an end has to be put to it.
SET lock_timeout = :'lock_wait_ms';
-- A name inside a value (regclass) is quoted where it is a keyword, and keywords differ between majors: quoted always.
SET quote_all_identifiers = on;
\o /holdfast/work/connected.:session
SELECT 'connected';
\o
\! until [ -e /holdfast/work/go ]; do sleep 0.02; done
\i /holdfast/work/work
\o /holdfast/work/done.:session
SELECT 'done';
\o
