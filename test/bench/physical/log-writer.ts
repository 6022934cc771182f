/** A log to replay: orders that come in and recent ones that change, in transactions of forty rows. */
import type { PhysicalBench } from './contest.ts';

/** `stop_at` is a position: all sessions end there. Each changes orders of its own (`part`), or they would wait for each other in circles. */
export const ledgerSql = `
  CREATE TABLE ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint NOT NULL, amount numeric(12, 2) NOT NULL, note text NOT NULL, at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX ledger_by_order ON ledger (order_id);
  CREATE PROCEDURE write_log(stop_at pg_lsn, part int) LANGUAGE plpgsql AS $$
  DECLARE newest bigint := (SELECT max(id) FROM orders); chosen bigint;
  BEGIN
    WHILE pg_current_wal_insert_lsn() < stop_at LOOP
      FOR n IN 1 .. 20 LOOP
        INSERT INTO ledger (order_id, amount, note) VALUES (newest - (random() * newest / 20)::bigint, random() * 1000, md5(random()::text) || md5(random()::text));
        -- Drawn beforehand: a condition that draws anew for each row reads the whole table.
        chosen := newest - 2 * (random() * newest / 40)::bigint - part;
        UPDATE orders SET status = 'paid', note = md5(random()::text) WHERE id = chosen;
      END LOOP;
      COMMIT;
    END LOOP;
  END $$;`;

export async function writeLog({ server }: Pick<PhysicalBench, 'server'>, megabytes: number): Promise<void> {
  const until = await server.sql(`SELECT pg_current_wal_insert_lsn() + ${Math.floor(megabytes * 1e6)}`);
  await Promise.all([0, 1].map((part) => server.sql(`SET synchronous_commit = off; CALL write_log('${until}', ${part});`)));
}
