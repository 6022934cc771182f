-- Settings that a value's text depends on, and those that could end or filter our session: the same on both sides of every comparison
-- (databases.md L2, L3, L4). Role and database settings lose against these.
\set QUIET on
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
 WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'idle_session_timeout') \g /dev/null
SET search_path = '';
SET row_security = off;
SET client_encoding = 'UTF8';
SET quote_all_identifiers = off;
SET standard_conforming_strings = on;
SET "TimeZone" = 'UTC';
SET "DateStyle" = 'ISO, YMD';
SET "IntervalStyle" = 'postgres';
SET extra_float_digits = 1;
SET bytea_output = 'hex';
SET lc_monetary = 'C';
SET lc_numeric = 'C';
SET xmlbinary = 'base64';
-- The backup must not take more of the live server than the sessions it announces.
SET max_parallel_workers_per_gather = 0;
SET jit = off;
