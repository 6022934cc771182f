/** Somebody runs DELETE without WHERE: what there was until then is counted by the very transaction that does it. */
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import type { DemoService } from './demo-shape.ts';
import { orFail, psql } from './seed-data.ts';

/** What the shop writes, as it stands. Equal means equal in every figure. */
export interface Standing {
  readonly events: number;
  readonly orders: number;
  readonly newestOrder: number;
  readonly orderLines: number;
  /** What all lines are worth, as PostgreSQL prints it. */
  readonly worth: string;
}

export interface Accident {
  /** As PostgreSQL numbers it: 64 bits, decimal. */
  readonly xid: string;
  readonly before: Standing;
}

const standing = `SELECT json_build_object(
  'events', (SELECT count(*) FROM audit.events), 'orders', (SELECT count(*) FROM orders), 'newestOrder', (SELECT max(id) FROM orders),
  'orderLines', (SELECT count(*) FROM order_lines), 'worth', (SELECT sum(amount)::text FROM order_lines))::text;`;

/** Nothing that the application asks for when it is asked for its health: nobody notices. */
export const deletedFrom = 'audit.events';

/**
 * The shop's writer waits for it, as it waits for every large DELETE: so nothing is committed to these tables between the count and the
 * deletion, and the count is what a restore to just before this transaction has to show.
 */
const deletion = `BEGIN;
LOCK TABLE orders, order_lines, audit.events IN SHARE ROW EXCLUSIVE MODE;
${standing}
DELETE FROM ${deletedFrom};
SELECT pg_current_xact_id();
COMMIT;`;

export async function deleteWithoutWhere(runtime: ContainerRuntime, service: DemoService): Promise<Accident> {
  const done = await psql(runtime, service, deletion);
  orFail('delete the events', done);
  const [before = '', xid = ''] = done.stdout.trim().split('\n');
  return { xid, before: JSON.parse(before) as Standing };
}

export async function readStanding(runtime: ContainerRuntime, service: DemoService): Promise<Standing> {
  const read = await psql(runtime, service, standing);
  orFail('count what the shop has', read);
  return JSON.parse(read.stdout.trim()) as Standing;
}
