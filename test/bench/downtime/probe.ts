/** An application that writes all the time, and connects anew when it is cut off: when it could write, and the longest time in which it could not. */
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';

export const probeSql = 'CREATE TABLE probe (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())';

/** Between two writes, and between two attempts to connect. */
const everyMs = 10;
const connectSeconds = 2;

export interface Probe {
  /** Seconds from the last write before the longest gap to the first behind it. */
  end(): Promise<number>;
}

/** @param socket where the server's socket lies on this host: it stays where it is when the server is started again */
export function startProbe(socket: string): Probe {
  const writes: number[] = [];
  let ended = false;
  const connect = (): postgres.Sql => postgres({ path: socket, username: 'postgres', database: 'shop', max: 1, connect_timeout: connectSeconds, onnotice: () => undefined });
  const running = (async () => {
    let sql = connect();
    while (!ended) {
      try {
        await sql`INSERT INTO probe DEFAULT VALUES`;
        writes.push(Date.now());
      } catch {
        // Whatever it is that keeps it out, the next attempt has a connection of its own.
        await sql.end({ timeout: 0 }).catch(() => undefined);
        sql = connect();
      }
      await pause(everyMs);
    }
    await sql.end({ timeout: 0 }).catch(() => undefined);
  })();
  return {
    end: async () => {
      ended = true;
      await running;
      return longestGapMs(writes) / 1000;
    },
  };
}

/** Pure. Of instants in their order; not a number where there are not two. */
export const longestGapMs = (instants: readonly number[]): number =>
  instants.slice(1).reduce((longest, at, index) => Math.max(Number.isNaN(longest) ? 0 : longest, at - (instants[index] ?? at)), Number.NaN);
