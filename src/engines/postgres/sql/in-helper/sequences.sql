-- Sequences are not transactional (databases.md L2): read before and after the dump, a restored one lies at or past the lesser reading.
SELECT coalesce(json_agg(json_build_object(
         -- Quoted as tables are: see work.sql.
         'sequence', (SELECT string_agg(CASE WHEN part ~ '^[a-z_][a-z0-9_]*$' THEN part ELSE '"' || replace(part, '"', '""') || '"' END, '.' ORDER BY place)
                        FROM unnest(ARRAY[n.nspname::text, c.relname::text]) WITH ORDINALITY AS named (part, place)),
         'lastValue', coalesce(pg_sequence_last_value(c.oid)::text, 'unused'),
         'increment', s.seqincrement::text, 'start', s.seqstart::text, 'cycle', s.seqcycle) ORDER BY n.nspname, c.relname), '[]')
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
