-- The databases that a cut-over is about, by OID and by name. Psql variables: live_oid, side_oid (0 for none), database, aside, side.
SELECT json_build_object(
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'databases', (SELECT coalesce(json_agg(json_build_object('oid', d.oid::int8, 'name', d.datname, 'open', d.datallowconn, 'xmin', d.xmin::text,
      -- Autovacuum visits closed databases too; a rename ends it by itself.
      'sessions', (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid() AND a.backend_type <> 'autovacuum worker'),
      'prepared', (SELECT count(*) FROM pg_prepared_xacts x WHERE x.database = d.datname),
      'slots', (SELECT coalesce(json_agg(slot_name), '[]') FROM pg_replication_slots s WHERE s.database = d.datname))), '[]')
    FROM pg_database d WHERE d.oid IN (:'live_oid', :'side_oid') OR d.datname IN (:'database', :'aside', :'side')));
