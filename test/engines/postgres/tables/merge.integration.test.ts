/** Rows of single tables put back into live ones, from a real dump on a real server: which rows, and all that hangs on them. */
import { describe, expect, it } from 'vitest';
import { failing } from '../../../support/failing.ts';
import { waitFor } from '../../../support/service-fixture.ts';
import { engine } from '../postgres-fixture.ts';
import { tablesOf, useTables } from './tables-fixture.ts';

const open = useTables('postgres:15');

const orders = `CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE NOT NULL);
  CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, cents int NOT NULL CHECK (cents > 0), euros numeric GENERATED ALWAYS AS (cents / 100.0) STORED, note text);
  CREATE TABLE audit (what text);
  CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit VALUES (TG_OP); RETURN coalesce(NEW, OLD); END $$;
  CREATE TRIGGER audit BEFORE INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION audited();
  INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 20) n;
  INSERT INTO orders (customer, cents, note) SELECT 1 + n % 20, n, 'order ' || n FROM generate_series(1, 200) n; TRUNCATE audit;`;
const contentOf = 'SELECT md5(string_agg(o::text, \'|\' ORDER BY id)) FROM orders o';

describe('rows go back into the live table', () => {
  it('missing ones and changed ones, extra ones stay, and all of it is undone, and done again', async () => {
    const world = await open(orders);
    await world.backUp();
    await world.sql('DELETE FROM orders WHERE id <= 50; UPDATE orders SET cents = 1, note = NULL WHERE id BETWEEN 60 AND 69; INSERT INTO orders (customer, cents) VALUES (1, 7), (2, 8); ALTER TABLE orders ALTER id RESTART WITH 30; TRUNCATE audit;');
    const damaged = await world.sql(contentOf);
    const prepared = await world.prepare('restore', ['orders']);
    expect(prepared.tables).toEqual([{ table: 'public.orders', missing: '50', changed: '10', extra: '2', extraGo: false, keys: { missing: ['1', '2', '3', '4', '5'], changed: ['60', '61', '62', '63', '64'], extra: ['201', '202'] } }]);
    expect(prepared.notes.join(' ')).toMatch(/triggers do not fire \(audit\).*sequence is set forward/);
    expect(prepared.steps.swap).toContain('leave those that it does not have');
    expect(await world.sql(contentOf)).toBe(damaged);
    expect(await world.left()).toBe('');
    // A second attempt finds what the first one made.
    expect((await world.prepare('restore', ['orders'])).cutOver).toEqual(prepared.cutOver);
    expect(await world.carryOut('restore', prepared, 2)).toEqual([{ table: 'public.orders', inserted: '50', changed: '10', removed: '0' }]);
    expect(await world.sql('SELECT count(*), count(*) FILTER (WHERE note = \'order \' || id AND cents = id AND euros = id / 100.0) FROM orders')).toBe('202|200');
    expect(await world.sql('SELECT count(*) FROM audit')).toBe('0');
    // The next number is a free one.
    expect(await world.sql('INSERT INTO orders (customer, cents) VALUES (3, 9) RETURNING id')).toBe('203');
    await world.sql('DELETE FROM orders WHERE id = 203');

    const undo = await world.prepareUndo('undo', prepared.cutOver);
    expect(undo.tables).toMatchObject([{ missing: '0', changed: '10', extra: '50', extraGo: true }]);
    expect(await world.carryOut('undo', undo, 2)).toEqual([{ table: 'public.orders', inserted: '0', changed: '10', removed: '50' }]);
    expect(await world.sql(contentOf)).toBe(damaged);
    await failing('UnknownRollbackCopy', world.prepareUndo('late', prepared.cutOver));
    const redo = await world.prepareUndo('redo', undo.cutOver);
    expect(await world.carryOut('redo', redo)).toEqual([{ table: 'public.orders', inserted: '50', changed: '10', removed: '0' }]);
    expect(await world.left()).toBe(tablesOf(redo).kept);
    for (const run of ['restore', 'undo', 'redo']) await world.end(run, [redo.cutOver]);
    expect(await world.left()).toBe(tablesOf(redo).kept);
  });
});

describe('foreign keys', () => {
  it('are looked at in both directions, before the plan and in the transaction', async () => {
    const world = await open(orders);
    await world.backUp();
    await world.sql('DELETE FROM customers WHERE id <= 10; INSERT INTO customers VALUES (30, \'new\'); INSERT INTO orders (customer, cents) VALUES (30, 5)');
    // Children without their parents.
    const { fields } = await failing('ForeignKeysBroken', world.prepare('children', ['orders']));
    expect(fields.cause).toBe('100 rows of public.orders would point to rows of public.customers that are not there (foreign key orders_customer_fkey)');
    // A parent that goes, with a child that stays.
    await failing('ForeignKeysBroken', world.prepare('parents', ['customers'], { exact: true }));
    await world.end('children', []);
    await world.end('parents', []);
    expect(await world.left()).toBe('');

    const prepared = await world.prepare('both', ['orders', 'customers'], { exact: true });
    expect(prepared.tables).toMatchObject([{ missing: '100', extra: '1', extraGo: true }, { missing: '10', extra: '1' }]);
    // Somebody points to what is about to go: nothing is changed at all.
    await world.sql('CREATE TABLE invoices (customer int REFERENCES customers ON DELETE CASCADE); INSERT INTO invoices VALUES (30)');
    const ctx = world.context('both');
    const before = await world.sql(contentOf);
    await engine.close(ctx, world.component, prepared.cutOver);
    await failing('ForeignKeysBroken', engine.swap(ctx, world.component, prepared.cutOver));
    expect(await world.sql(contentOf)).toBe(before);
    await world.sql('DELETE FROM invoices');
    await engine.rollBack(ctx, world.component, prepared.cutOver);
    expect(await world.carryOut('both', prepared)).toEqual([{ table: 'public.orders', inserted: '100', changed: '0', removed: '1' }, { table: 'public.customers', inserted: '10', changed: '0', removed: '1' }]);
    expect(await world.sql('SELECT count(*) FROM orders JOIN customers c ON c.id = customer')).toBe('200');
    const undo = await world.prepareUndo('undo', prepared.cutOver);
    await world.carryOut('undo', undo);
    expect(await world.sql(contentOf)).toBe(before);
    await engine.discardRollback(world.context('accept'), world.component, undo.cutOver);
    await engine.discardRollback(world.context('accept'), world.component, undo.cutOver);
    for (const run of ['both', 'undo']) await world.end(run, []);
    expect(await world.left()).toBe('');
  });
});

describe('what happens meanwhile', () => {
  it('is waited for, is put aside with the rest, and makes a plan for an altered table void', { tags: 'long' }, async () => {
    const world = await open('CREATE TABLE released (v int); CREATE TABLE accounts (id int PRIMARY KEY, cents int); INSERT INTO accounts SELECT n, 100 FROM generate_series(1, 50) n');
    await world.backUp();
    await world.sql('UPDATE accounts SET cents = 0 WHERE id <= 10');
    const prepared = await world.prepare('restore', ['accounts']);
    const ctx = world.context('restore');
    await engine.requireReady(ctx, world.component, prepared.cutOver);
    await engine.close(ctx, world.component, prepared.cutOver);
    // A client in the midst of a transaction: its table is not to be had, and nobody else is kept waiting for long.
    const client = world.sql('DO $$ BEGIN UPDATE accounts SET cents = 7 WHERE id = 20; WHILE NOT EXISTS (SELECT FROM released) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$');
    await waitFor(async () => (await world.sql('SELECT count(*) FROM pg_locks WHERE relation = \'accounts\'::regclass AND mode = \'RowExclusiveLock\'')) === '1');
    await failing('TableLocked', engine.swap({ ...ctx, timing: { ...ctx.timing, tableLockMs: 200 } }, world.component, prepared.cutOver));
    // Whoever is killed while it waits leaves nothing, not even its place in the queue.
    const killed = new AbortController();
    const waiting = engine.swap({ ...ctx, signal: killed.signal, timing: { ...ctx.timing, tableLockMs: 60_000 } }, world.component, prepared.cutOver);
    waiting.catch(() => undefined);
    const queued = (): Promise<string> => world.sql('SELECT count(*) FROM pg_locks WHERE relation = \'accounts\'::regclass AND NOT granted');
    await waitFor(async () => (await queued()) === '1');
    killed.abort(new Error('killed'));
    await expect(waiting).rejects.toThrow('killed');
    await waitFor(async () => (await queued()) === '0');
    await world.sql('INSERT INTO released VALUES (1)');
    await client;
    await engine.swap(ctx, world.component, prepared.cutOver);
    expect(await engine.tables?.readOutcome(ctx, world.component, prepared.cutOver)).toEqual([{ table: 'public.accounts', inserted: '0', changed: '11', removed: '0' }]);
    const undo = await world.prepareUndo('undo', prepared.cutOver);
    await world.sql('ALTER TABLE accounts ADD COLUMN since date');
    await failing('PlanChanged', engine.requireReady(world.context('undo'), world.component, undo.cutOver));
    await engine.close(world.context('undo'), world.component, undo.cutOver);
    await failing('PlanChanged', engine.swap(world.context('undo'), world.component, undo.cutOver));
    await engine.rollBack(world.context('undo'), world.component, undo.cutOver);
    await world.carryOut('undo again', await world.prepareUndo('undo again', prepared.cutOver));
    expect(await world.sql('SELECT string_agg(id || \':\' || cents, \' \' ORDER BY id) FROM accounts WHERE cents <> 100 AND id > 9')).toBe('10:0 20:7');
    for (const run of ['restore', 'undo', 'undo again']) await world.end(run, []);
  });
});

describe('before the end', () => {
  it('all is taken back, but for what a client has written since; and a late attempt finds no gate', async () => {
    const world = await open('CREATE TABLE words (id int PRIMARY KEY, word text); INSERT INTO words SELECT n, \'saved\' FROM generate_series(1, 9) n');
    await world.backUp();
    await world.sql('DELETE FROM words WHERE id <= 3; UPDATE words SET word = \'lost\' WHERE id IN (4, 5); INSERT INTO words VALUES (10, \'new\')');
    const words = (): Promise<string> => world.sql('SELECT string_agg(id || word, \' \' ORDER BY id) FROM words');
    const before = await words();
    const { cutOver } = await world.prepare('restore', ['words'], { exact: true });
    const ctx = world.context('restore');
    const takeBackTwice = async (): Promise<void> => {
      for (const _time of [1, 2]) await engine.rollBack(ctx, world.component, cutOver);
      await failing('CutOverFailed', engine.swap(ctx, world.component, cutOver));
      expect(await world.left()).toBe('');
    };
    await engine.close(ctx, world.component, cutOver);
    await takeBackTwice();
    await engine.close(ctx, world.component, cutOver);
    await engine.swap(ctx, world.component, cutOver);
    expect(await words()).toBe([1, 2, 3, 4, 5, 6, 7, 8, 9].map((id) => `${id}saved`).join(' '));
    await world.sql('UPDATE words SET word = \'touched\' WHERE id IN (1, 5)');
    await takeBackTwice();
    expect(await words()).toBe(`1touched ${before.replace('5lost', '5touched')}`);
    // What a late attempt leaves is gone with the run.
    await engine.close(ctx, world.component, cutOver);
    await world.end('restore', []);
    expect(await world.left()).toBe('');
  });
});
