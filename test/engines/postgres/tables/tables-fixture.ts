/** One server, a database per test, its dump, and restores of single tables from it, every step of them done by the engine itself. */
import { afterAll, beforeAll } from 'vitest';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import type { PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import type { ComponentCutOver, PostgresTablesCutOver } from '../../../../src/domain/rollback.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import type { TableOutcome } from '../../../../src/domain/tables/difference.ts';
import { checkTables } from '../../../../src/domain/tables/table-name.ts';
import type { EngineContext, PreparedComponent } from '../../../../src/engines/engine-context.ts';
import { useDocker } from '../../../support/docker.ts';
import type { Notes } from '../../../support/engine-context.ts';
import { contextOf, engine, openStore, options, startPostgres } from '../postgres-fixture.ts';
import type { TestPostgres } from '../postgres-fixture.ts';

export interface TablesWorld {
  readonly component: PostgresComponent;
  sql(text: string): Promise<string>;
  works(text: string): Promise<boolean>;
  backUp(): Promise<void>;
  context(run: string): EngineContext;
  prepare(run: string, tables: readonly string[], given?: { readonly exact?: boolean; readonly into?: string }): Promise<PreparedComponent>;
  prepareUndo(run: string, previous: ComponentCutOver): Promise<PreparedComponent>;
  /** All steps. @param times how often each is done: a retry finds its step done */
  carryOut(run: string, prepared: PreparedComponent, times?: 1 | 2): Promise<readonly TableOutcome[]>;
  /** What the end of every run does. */
  end(run: string, kept: readonly ComponentCutOver[]): Promise<void>;
  /** Databases and schemas of ours that are there. */
  left(): Promise<string>;
}

/** For one test file. @param image of the server */
export function useTables(image = 'postgres:17'): (setUp: string) => Promise<TablesWorld> {
  const docker = useDocker();
  let postgres: TestPostgres;
  let databases = 0;
  const stores: AsyncDisposable[] = [];
  beforeAll(async () => { postgres = await startPostgres(docker, { image }); });
  afterAll(async () => { for (const store of stores) await store[Symbol.asyncDispose](); });

  return async (setUp) => {
    databases += 1;
    const database = `tables '${databases}'`;
    await postgres.sql(`CREATE DATABASE "${database}"`);
    const sql = (text: string): Promise<string> => postgres.sql(text, database);
    await sql(setUp);
    const store = await openStore();
    stores.push(store);
    const notes: Notes = new Map();
    const own = databases;
    const context = (run: string): EngineContext => contextOf(docker, notes, { run: `${run}-${own}` });
    const component: PostgresComponent = { ...postgres.component, database };
    let backup: PostgresDump;
    return {
      component, sql, context,
      works: (text) => postgres.works(text, database),
      backUp: async () => { backup = await engine.backUp(context('backup'), component, store.attempt('a1'), options) as PostgresDump; },
      prepare: async (run, tables, given = {}) => {
        const request = { tables: checkTables(tables), exact: given.exact === true, into: given.into ?? null };
        return await engine.tables?.prepare(context(run), component, backup, store.source, request) as PreparedComponent;
      },
      prepareUndo: (run, previous) => engine.prepareUndo(context(run), component, previous),
      carryOut: async (run, { cutOver }, times = 1) => {
        const ctx = context(run);
        const again = async (step: () => Promise<unknown>): Promise<void> => { for (let time = 1; time <= times; time += 1) await step(); };
        await again(() => engine.requireReady(ctx, component, cutOver));
        await again(() => engine.close(ctx, component, cutOver));
        await again(() => engine.swap(ctx, component, cutOver));
        await again(() => engine.compareClosed(ctx, component, cutOver, null));
        await again(() => engine.open(ctx, component, cutOver));
        return await engine.tables?.readOutcome(ctx, component, cutOver) ?? [];
      },
      end: async (run, kept) => {
        const ctx = context(run);
        for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
        await engine.repairLeftovers(ctx, component, { owner: ctx.owner, notes: Object.fromEntries(notes.get(ctx.owner.runId) ?? []), kept });
      },
      left: () => sql('SELECT string_agg(name, \',\') FROM (SELECT datname::text AS name FROM pg_database WHERE datname LIKE \'holdfast%\' UNION SELECT nspname FROM pg_namespace WHERE nspname LIKE \'holdfast%\') AS ours'),
    };
  };
}

export const tablesOf = (prepared: PreparedComponent): PostgresTablesCutOver => prepared.cutOver as PostgresTablesCutOver;
