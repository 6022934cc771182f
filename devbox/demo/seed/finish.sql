-- Keys, indexes, views and grants, then the canary: what has it was seeded to the end.
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
ALTER TABLE users ADD PRIMARY KEY (id), ADD UNIQUE (email);
ALTER TABLE orders ADD PRIMARY KEY (id), ADD FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE order_lines ADD PRIMARY KEY (order_id, line), ADD FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE;
ALTER TABLE audit.events ADD PRIMARY KEY (id, at);
CREATE INDEX orders_by_user ON orders (user_id, placed_at DESC);
CREATE INDEX orders_open ON orders (placed_at) WHERE status IN ('new', 'paid');
CREATE INDEX users_by_name ON users (lower(name));
CREATE INDEX users_by_profile ON users USING gin (profile);
CREATE TRIGGER order_counted AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION count_order();

CREATE VIEW open_orders AS SELECT id, user_id, total FROM orders WHERE status IN ('new', 'paid');
CREATE MATERIALIZED VIEW sales_by_day AS SELECT date_trunc('day', placed_at, 'UTC') AS day, count(*) AS orders, sum(total) AS total FROM orders GROUP BY 1;
CREATE UNIQUE INDEX sales_by_day_key ON sales_by_day (day);

GRANT USAGE ON SCHEMA audit TO shop_app, shop_reporting;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public, audit TO shop_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, audit TO shop_app;
GRANT SELECT ON orders, order_lines, sales_by_day, audit.events TO shop_reporting;
GRANT SELECT (id, name) ON users TO shop_reporting;
INSERT INTO service_probe VALUES (true, 'epoch');
INSERT INTO service_canary VALUES (true, :'token', :size_mb);
ANALYZE;
