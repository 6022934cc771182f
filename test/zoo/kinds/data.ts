/** Databases whose data is not what their manifest says, and data that no server takes back. */
import type { CheckClass } from '../../../src/domain/drill/check-class.ts';
import type { Animal } from '../animal.ts';

/** The account of the healthy database over a dump that was taken after this. */
const changed = (name: string, sql: string, found: CheckClass, sentence: RegExp, also: readonly CheckClass[] = []): Animal => ({
  name, of: 'postgres', from: { kind: 'database', sql, account: 'healthy' }, expected: { verdict: 'failed', check: 'content:postgres', class: found, sentence, also },
});

/** A database with an account of its own that cannot come back as it is. */
const impossible = (name: string, sql: string, sentence: RegExp, found: CheckClass = 'restoreFailed'): Animal => ({
  name, of: 'postgres', from: { kind: 'database', sql }, expected: { verdict: 'failed', check: 'content:postgres', class: found, sentence },
});

export const dataKinds: readonly Animal[] = [
  changed('row-missing', 'DELETE FROM orders WHERE id = 77;', 'countDiffers', /orders: rows 500, found 499/, ['hashDiffers']),
  changed('row-added', 'INSERT INTO orders (customer, total) VALUES (1, 1);', 'countDiffers', /orders: rows 500, found 501/, ['hashDiffers']),
  changed('value-changed', 'UPDATE orders SET total = total + 0.01 WHERE id = 77;', 'hashDiffers', /orders: hash/),
  changed('null-for-empty', 'UPDATE orders SET note = NULL WHERE id = 77;', 'hashDiffers', /orders: hash/),
  changed('values-exchanged', 'UPDATE orders SET note = \'note \' || CASE id WHEN 7 THEN 8 ELSE 7 END WHERE id IN (7, 8);', 'hashDiffers', /orders: hash/),
  changed('time-shifted', 'UPDATE customers SET joined = joined + interval \'1 microsecond\' WHERE id = 9;', 'hashDiffers', /customers: hash/),
  changed('table-missing', 'DROP TABLE orders CASCADE;', 'tableMissing', /public\.orders: existence present, found absent/, ['objectsDiffer', 'sequenceMissing']),
  changed('table-unexpected', 'CREATE TABLE stray (n int);', 'tableUnexpected', /public\.stray: existence absent, found present/, ['objectsDiffer']),
  changed('column-missing', 'ALTER TABLE customers DROP COLUMN traits;', 'objectsDiffer', /column/, ['hashDiffers']),
  changed('sequence-behind', 'SELECT setval(\'tickets\', 12);', 'sequenceBehind', /public\.tickets: last value 5000 or past it, found 12/),
  changed('sequence-missing', 'DROP SEQUENCE tickets;', 'sequenceMissing', /public\.tickets/, ['objectsDiffer']),
  changed('index-missing', 'DROP INDEX orders_note;', 'objectsDiffer', /objects of kind index: count 5, found 4/),
  changed('foreign-key-missing', 'ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey;', 'objectsDiffer', /foreignKey/),
  changed('check-missing', 'ALTER TABLE orders DROP CONSTRAINT orders_total_check;', 'objectsDiffer', /kind check/),
  changed('view-missing', 'DROP VIEW large_orders;', 'objectsDiffer', /kind view/),
  changed('materialised-view-missing', 'DROP MATERIALIZED VIEW totals;', 'objectsDiffer', /materializedView/),
  changed('function-missing', 'DROP FUNCTION discount;', 'objectsDiffer', /kind function/),
  changed('trigger-disabled', 'ALTER TABLE orders DISABLE TRIGGER stamped;', 'objectsDiffer', /disabledTrigger/),
  changed('grant-missing', 'REVOKE SELECT ON orders FROM zoo_auditor;', 'objectsDiffer', /kind grant/),
  changed('comment-missing', 'COMMENT ON TABLE orders IS NULL;', 'objectsDiffer', /kind comment/),
  changed('extension-dropped', 'DROP EXTENSION pg_trgm CASCADE;', 'objectsDiffer', /extension/),
  changed('large-object-changed', 'SELECT lo_put(7001, 100, \'x\');', 'largeObjectsDiffer', /large objects: hash/),
  changed('large-object-missing', 'SELECT lo_unlink(7002);', 'largeObjectsDiffer', /large objects: count 2, found 1/),

  impossible('foreign-key-broken', 'SET session_replication_role = replica; DELETE FROM customers WHERE id = 1;', /orders_customer_fkey/),
  impossible('check-no-longer-true', 'CREATE FUNCTION fits(n numeric) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT true $$; ALTER TABLE orders ADD CONSTRAINT fitting CHECK (fits(total)); CREATE OR REPLACE FUNCTION fits(n numeric) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT n < 100 $$;', /fitting/),
  impossible('view-needs-a-search-path', 'CREATE FUNCTION how_many() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN 0; END $$; CREATE MATERIALIZED VIEW counted AS SELECT how_many(); CREATE OR REPLACE FUNCTION how_many() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM orders); END $$;', /"?orders"? does not exist/),
  impossible('index-needs-a-search-path', 'CREATE FUNCTION label(n int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN \'\'; END $$; CREATE INDEX labelled ON orders (label(customer)); CREATE OR REPLACE FUNCTION label(n int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT name FROM customers WHERE id = n); END $$;', /"?customers"? does not exist/),
  impossible('generated-column-computed-otherwise', `CREATE FUNCTION rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT 2 $$; CREATE TABLE priced (n int PRIMARY KEY, price numeric GENERATED ALWAYS AS (n * rate()) STORED);
    INSERT INTO priced (n) SELECT generate_series(1, 20); CREATE OR REPLACE FUNCTION rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT 3 $$;`, /priced: hash/, 'hashDiffers'),
  {
    name: 'base-index-corrupt', of: 'postgres',
    from: {
      kind: 'base', undo: 'DROP TABLE shelves; DROP FUNCTION place(int);',
      sql: `CREATE FUNCTION place(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n $$; CREATE TABLE shelves (n int); INSERT INTO shelves SELECT generate_series(1, 100); CREATE INDEX shelves_place ON shelves (place(n));
        CREATE OR REPLACE FUNCTION place(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT -n $$;`,
    },
    expected: { verdict: 'failed', check: 'amcheck:postgres', class: 'indexCorrupt', sentence: /shelves_place/ },
  },
];
