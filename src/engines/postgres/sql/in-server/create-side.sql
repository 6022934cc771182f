-- An empty database of the given shape that nobody but superusers can enter: with a connection limit of 0 its permissions stay as they will
-- be. Psql variables: side, major, encoding, provider, collate, ctype, locale, icu_rules (the last two empty for
-- none), formats (JSON: what its sessions read and write times by while it is filled).
SELECT format('CREATE DATABASE %I TEMPLATE template0 CONNECTION LIMIT 0 ENCODING %L LOCALE_PROVIDER %s LC_COLLATE %L LC_CTYPE %L%s%s',
  :'side', :'encoding', CASE :'provider' WHEN 'icu' THEN 'icu' WHEN 'builtin' THEN 'builtin' ELSE 'libc' END, :'collate', :'ctype',
  CASE WHEN :'locale' = '' THEN '' WHEN :'provider' = 'icu' THEN format(' ICU_LOCALE %L', :'locale') WHEN :'provider' = 'builtin' THEN format(' BUILTIN_LOCALE %L', :'locale') ELSE '' END,
  CASE WHEN :'icu_rules' = '' THEN '' ELSE format(' ICU_RULES %L', :'icu_rules') END) \gexec
-- One that this image does not know of (an old name of a time zone) is left out: that says nothing of the data.
\set ON_ERROR_STOP off
SELECT format('ALTER DATABASE %I SET %I TO %L', :'side', f ->> 'name', f ->> 'value') FROM json_array_elements(:'formats'::json) AS f \gexec
\set ON_ERROR_STOP on
SELECT oid::int8 FROM pg_database WHERE datname = :'side';
