-- The shop's tables, with one of everything a dump can trip over. Keys and indexes follow in finish.sql, when the data is in.
-- The application's own role; the script that reads this one sets app_password first.
CREATE ROLE shop_app LOGIN PASSWORD :'app_password';
CREATE ROLE shop_reporting NOLOGIN;
CREATE SCHEMA audit;

CREATE TYPE order_status AS ENUM ('new', 'paid', 'packed', 'shipped', 'returned');
CREATE TYPE money_amount AS (amount numeric(12, 2), currency char(3));
CREATE DOMAIN email_address AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+$');
CREATE SEQUENCE order_number_seq START 1;
CREATE SEQUENCE audit.event_number_seq START 1;

CREATE TABLE users (
  id integer GENERATED ALWAYS AS IDENTITY,
  email email_address NOT NULL,
  name text NOT NULL,
  interests text[] NOT NULL DEFAULT '{}',
  profile jsonb NOT NULL DEFAULT '{}',
  credit money_amount,
  avatar bytea,
  last_address inet,
  member_for interval,
  orders_placed integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orders (
  id bigint NOT NULL DEFAULT nextval('order_number_seq'),
  reference uuid NOT NULL,
  user_id integer NOT NULL,
  status order_status NOT NULL DEFAULT 'new',
  total numeric(12, 2) NOT NULL,
  delivery tstzrange,
  tags text[],
  note text,
  attributes jsonb NOT NULL DEFAULT '{}',
  placed_at timestamptz NOT NULL DEFAULT now()
);
ALTER SEQUENCE order_number_seq OWNED BY orders.id;

CREATE TABLE order_lines (
  order_id bigint NOT NULL,
  line integer NOT NULL,
  sku varchar(24) NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  price numeric(10, 2) NOT NULL,
  amount numeric(12, 2) GENERATED ALWAYS AS (quantity * price) STORED,
  weight double precision
);

CREATE TABLE audit.events (
  id bigint NOT NULL DEFAULT nextval('audit.event_number_seq'),
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  payload json NOT NULL,
  signature bytea
) PARTITION BY RANGE (at);
CREATE TABLE audit.events_2026_h1 PARTITION OF audit.events FOR VALUES FROM ('2026-01-01Z') TO ('2026-07-01Z');
CREATE TABLE audit.events_2026_h2 PARTITION OF audit.events FOR VALUES FROM ('2026-07-01Z') TO ('2027-01-01Z');
CREATE TABLE audit.events_other PARTITION OF audit.events DEFAULT;

CREATE TABLE documents (id integer PRIMARY KEY, title text NOT NULL, content oid NOT NULL);

-- Names that have to be quoted wherever they are used.
CREATE TABLE "Price ""List""" ("SKU" varchar(24) PRIMARY KEY, "list price" numeric(10, 2), "select" boolean);

-- The application asks for this row and for its twin in Redis: where one is gone or another, the stores are not what they were.
CREATE TABLE service_canary (id boolean PRIMARY KEY DEFAULT true CHECK (id), token text NOT NULL, size_mb integer NOT NULL);
CREATE TABLE service_probe (id boolean PRIMARY KEY DEFAULT true CHECK (id), at timestamptz NOT NULL);

CREATE FUNCTION count_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE public.users SET orders_placed = orders_placed + 1 WHERE id = NEW.user_id;
  RETURN NULL;
END $$;

COMMENT ON TABLE orders IS 'What was ordered; every order has one to four lines.';
