-- Users, orders, events and documents. :users and :orders are numbers of rows.
INSERT INTO users (email, name, interests, profile, credit, avatar, last_address, member_for, created_at)
SELECT pg_temp.word(n, 1) || '.' || n || '@' || pg_temp.word(n, 2) || '.example', initcap(pg_temp.word(n, 3)) || ' ' || initcap(pg_temp.word(n, 4)),
  ARRAY[pg_temp.word(n, 5), pg_temp.word(n, 6)],
  jsonb_build_object('theme', pg_temp.word(n, 7), 'newsletter', n % 3 = 0, 'score', (pg_temp.noise(n, 8) % 100000) / 100.0),
  CASE WHEN n % 5 = 0 THEN ROW((pg_temp.noise(n, 9) % 100000) / 100.0, 'EUR')::money_amount END,
  CASE WHEN n % 4 = 0 THEN sha256(int8send(n)) || sha256(int8send(-n)) END,
  ('10.' || n % 250 || '.' || (n / 250) % 250 || '.7')::inet, make_interval(months => (n % 60)::integer, days => (n % 28)::integer),
  timestamptz '2024-01-01Z' + n * interval '7 minutes'
FROM generate_series(1, :users) AS n;

INSERT INTO orders (id, reference, user_id, status, total, delivery, tags, note, attributes, placed_at)
SELECT n, md5(n::text || 'reference')::uuid, 1 + pg_temp.noise(n, 11) % :users,
  (enum_range(NULL::order_status))[1 + pg_temp.noise(n, 12) % 5], (pg_temp.noise(n, 13) % 2000000) / 100.0,
  CASE WHEN n % 3 = 0 THEN tstzrange(timestamptz '2026-01-02Z' + n * interval '1 minute', timestamptz '2026-01-04Z' + n * interval '1 minute') END,
  CASE WHEN n % 4 = 0 THEN ARRAY[pg_temp.word(n, 14), NULL, pg_temp.word(n, 15)] END,
  CASE WHEN n % 2 = 0 THEN pg_temp.word(n, 16) || ' ' || pg_temp.word(n, 17) || ' ' || pg_temp.word(n, 18) || ' for the ' || pg_temp.word(n, 19) END,
  jsonb_build_object('channel', pg_temp.word(n % 7, 20), 'weight', pg_temp.noise(n, 21) % 5000, 'gift', n % 9 = 0),
  timestamptz '2026-01-01Z' + n * interval '40 seconds'
FROM generate_series(1, :orders) AS n;
SELECT setval('order_number_seq', :orders);

INSERT INTO audit.events (id, at, kind, payload, signature)
SELECT n, timestamptz '2026-01-01Z' + n * interval '90 seconds', pg_temp.word(n % 11, 31),
  json_build_object('order', 1 + pg_temp.noise(n, 32) % :orders, 'by', pg_temp.word(n, 33), 'from', pg_temp.word(n, 34), 'took', (pg_temp.noise(n, 35) % 10000) / 10.0),
  CASE WHEN n % 3 = 0 THEN sha256(int8send(n)) END
FROM generate_series(1, :orders / 2) AS n;
SELECT setval('audit.event_number_seq', :orders / 2);

INSERT INTO documents SELECT n, 'Terms, version ' || n, lo_from_bytea(0, decode((SELECT string_agg(md5(n || '/' || part), '' ORDER BY part) FROM generate_series(1, 200 * n) AS part), 'hex'))
FROM generate_series(1, 12) AS n;
INSERT INTO "Price ""List""" SELECT 'SKU-' || n, (pg_temp.noise(n, 41) % 100000) / 100.0, n % 2 = 0 FROM generate_series(1, 500) AS n;
