/** The healthy service that most animals are made of. */

export const healthySql = `
  CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm;
  CREATE ROLE zoo_clerk LOGIN PASSWORD 'secret-of-the-clerk'; CREATE ROLE zoo_auditor;
  CREATE TABLE customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, joined timestamptz NOT NULL, traits hstore);
  INSERT INTO customers (name, joined, traits) SELECT 'customer ' || n, '2026-01-01'::timestamptz + n * interval '1 hour', hstore('tier', (n % 3)::text) FROM generate_series(1, 200) n;
  CREATE TABLE orders (id bigserial PRIMARY KEY, customer int NOT NULL REFERENCES customers, total numeric(12,2) NOT NULL CHECK (total >= 0), note text, doubled numeric GENERATED ALWAYS AS (total * 2) STORED);
  INSERT INTO orders (customer, total, note) SELECT 1 + n % 200, n * 1.25, 'note ' || n FROM generate_series(1, 500) n;
  CREATE INDEX orders_note ON orders USING gin (note gin_trgm_ops); CREATE INDEX orders_customer ON orders (customer);
  CREATE SEQUENCE tickets; SELECT setval('tickets', 5000);
  CREATE VIEW large_orders AS SELECT * FROM orders WHERE total > 300;
  CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;
  CREATE FUNCTION discount(price numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT price * 0.9 $$;
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := coalesce(NEW.note, 'none'); RETURN NEW; END $$;
  CREATE TRIGGER stamped BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
  SELECT lo_from_bytea(7001, decode(repeat('5a', 5000), 'hex')), lo_from_bytea(7002, 'small');
  GRANT SELECT ON orders TO zoo_auditor; ALTER TABLE orders OWNER TO zoo_clerk;
  COMMENT ON TABLE orders IS 'what was bought';
`;

const library = '#!lua name=shelf\nredis.register_function(\'first\', function(keys) return redis.call(\'GET\', keys[1]) end)';

export const healthyKeys: readonly (readonly string[])[] = [
  ['MSET', ...Array.from({ length: 50 }, (_, n) => [`cart:${n}`, `${n} articles`]).flat()],
  ['SET', 'session', 'open', 'EX', '864000'],
  ['RPUSH', 'queue', 'a', 'b', 'c', 'd'],
  ['SADD', 'tags', 'red', 'green'],
  ['ZADD', 'ranks', '1', 'ann', '2', 'bob'],
  ['HSET', 'profile', 'name', 'ann', 'town', 'Ulm'],
  ['-n', '3', 'SET', 'elsewhere', 'yes'],
  ['FUNCTION', 'LOAD', library],
];
