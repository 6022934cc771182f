-- One to four lines for each of :orders orders; the larger half of the data, written beside orders.sql.
INSERT INTO order_lines (order_id, line, sku, quantity, price, weight)
SELECT n, line, 'SKU-' || 1 + pg_temp.noise(n * 8 + line, 51) % 500, 1 + pg_temp.noise(n * 8 + line, 52) % 9, (pg_temp.noise(n * 8 + line, 53) % 100000) / 100.0,
  CASE WHEN line = 1 THEN (pg_temp.noise(n, 54) % 1000000) / 1000.0 END
FROM generate_series(1, :orders) AS n, generate_series(1, 1 + n % 4) AS line;
