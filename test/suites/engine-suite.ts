/** What every engine must hold, whatever it stores: src/engines/engine.ts as tests. Run by each engine with a live store of its own. */
import { describe, expect, it } from 'vitest';
import { contentOf, type ComponentBackup } from '../../src/domain/backup-manifest.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import type { Component } from '../../src/domain/service.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext, PreparedComponent } from '../../src/engines/engine-context.ts';
import type { BackupOptions } from '../../src/engines/engine-context.ts';
import type { DatabaseEngine } from '../../src/engines/engine.ts';
import { failing } from '../support/failing.ts';

/** One live store with some data, and a repository for it. */
export interface EngineWorld<C extends Component> {
  readonly component: C;
  readonly source: ArtifactSource;
  /** A fresh attempt directory, so that a backup can be taken twice. */
  destination(): ArtifactDestination;
  /** The context of a run; the same run name is the same run, with its notes. */
  context(run: string): EngineContext;
  notesOf(run: string): Readonly<Record<string, unknown>>;
  /** Writes something that no backup taken before holds. */
  write(): Promise<void>;
}

const reading = { contentHashes: true, jobs: 2 } as const;

/**
 * @param open answers a new world for each test; what it made is removed by the caller's own scope
 * @param method how it backs up, where it has more than one way
 * @param lasting what of something prepared has to be the same when it is prepared again; all of it, unless files that are written anew hold their time
 */
export function describeEngine<C extends Component>(
  engine: DatabaseEngine<C>, open: () => Promise<EngineWorld<C>>, lasting: (prepared: PreparedComponent) => PreparedComponent = (prepared) => prepared, method: NonNullable<BackupOptions['method']> = 'dump',
): void {
  // The seconds since the backup go on while tests run.
  const sameAgain = (prepared: PreparedComponent): unknown => ({ ...lasting(prepared), loss: { ...prepared.loss, seconds: null } });
  const content = (world: EngineWorld<C>) => engine.readContent(world.context('read'), world.component, reading);
  const backUp = (world: EngineWorld<C>, run = 'backup'): Promise<ComponentBackup> => engine.backUp(world.context(run), world.component, world.destination(), { ...reading, method });
  const twice = async (work: () => Promise<unknown>): Promise<void> => { await work(); await work(); };

  async function cutOverTwiceEach(world: EngineWorld<C>, run: string, prepared: PreparedComponent, backup: ComponentBackup | null): Promise<void> {
    const ctx = world.context(run);
    await twice(() => engine.requireReady(ctx, world.component, prepared.cutOver));
    await twice(() => engine.close(ctx, world.component, prepared.cutOver));
    await twice(() => engine.swap(ctx, world.component, prepared.cutOver));
    await twice(() => engine.compareClosed(ctx, world.component, prepared.cutOver, backup));
    await twice(() => engine.open(ctx, world.component, prepared.cutOver));
    // What has been exchanged is not ready to be exchanged: a second approval of the same thing is refused.
    await failing('PlanChanged', engine.requireReady(ctx, world.component, prepared.cutOver));
  }

  describe(`the ${engine.name} engine, by ${method}`, () => {
    it('backs up what is live, twice as well as once', async () => {
      const world = await open();
      const [first, second] = [await backUp(world, 'one'), await backUp(world, 'two')];
      expect(contentOf(first)).toEqual(contentOf(second));
      expect((await engine.prove(world.context('proof'), second, world.source)).verdict).toBe('proven');
    });

    it('restores with every step done twice, undoes, and lets go', async () => {
      const world = await open();
      const before = await content(world);
      const backup = await backUp(world);
      if (contentOf(backup) !== null) expect(contentOf(backup)).toEqual(before);
      await world.write();
      const written = await content(world);
      const prepared = await engine.prepare(world.context('restore'), world.component, backup, world.source);
      const again = await engine.prepare(world.context('restore'), world.component, backup, world.source);
      expect(sameAgain(again)).toEqual(sameAgain(prepared));
      await cutOverTwiceEach(world, 'restore', again, backup);
      expect(await content(world)).toEqual(before);
      await engine.repairLeftovers(world.context('restore'), world.component, { owner: world.context('restore').owner, notes: world.notesOf('restore'), kept: [again.cutOver] });
      const undo = await engine.prepareUndo(world.context('undo'), world.component, again.cutOver);
      await cutOverTwiceEach(world, 'undo', undo, null);
      expect(await content(world)).toEqual(written);
      await twice(() => engine.discardRollback(world.context('accept'), world.component, undo.cutOver));
      expect(await content(world)).toEqual(written);
      await failing('UnknownRollbackCopy', engine.prepareUndo(world.context('late'), world.component, undo.cutOver));
    });

    it.each(['nothing', 'close', 'swap'] as const)('rolls back after %s, twice', async (reached) => {
      const world = await open();
      const backup = await backUp(world);
      await world.write();
      const written = await content(world);
      const ctx = world.context('restore');
      const { cutOver } = await engine.prepare(ctx, world.component, backup, world.source);
      if (reached !== 'nothing') await engine.close(ctx, world.component, cutOver);
      if (reached === 'swap') await engine.swap(ctx, world.component, cutOver);
      await twice(() => engine.rollBack(ctx, world.component, cutOver));
      expect(await content(world)).toEqual(written);
      await twice(() => engine.discardPrepared(ctx, world.component, cutOver));
      expect(await engine.repairLeftovers(ctx, world.component, { owner: ctx.owner, notes: world.notesOf('restore'), kept: [] })).toEqual([]);
      expect(await content(world)).toEqual(written);
    });

    it('counts transactions only upwards, or not at all', async () => {
      const world = await open();
      const mark = (): Promise<string | null> => engine.writeMark(world.context('mark'), world.component);
      const before = await mark();
      await world.write();
      const after = await mark();
      if (before === null || after === null) expect([before, after]).toEqual([null, null]);
      else expect(BigInt(after)).toBeGreaterThan(BigInt(before));
    });

    it('gives moments their places in its log, each behind the one before, or none', async () => {
      const world = await open();
      const mark = () => engine.mark(world.context('mark'), world.component, 'before-deploy');
      const first = await mark();
      await world.write();
      const second = await mark();
      if (first === null || second === null) return expect([first, second]).toEqual([null, null]);
      expect(second).toMatchObject({ systemIdentifier: first.systemIdentifier, timeline: first.timeline });
      expect(parseLsn(second.lsn) ?? 0n).toBeGreaterThan(parseLsn(first.lsn) ?? 0n);
    });

    it('plants a canary, twice as well as once, in the place of the one before, and finds it in a server that runs', async () => {
      const world = await open();
      const ctx = world.context('canary');
      const server = { containerId: (await ctx.runtime.inspect(world.component.container)).id, backup: await backUp(world) };
      const found = () => engine.drills.readCanary(ctx, world.component, server);
      expect(await found()).toBeNull();
      for (const canary of [{ nonce: '0f'.repeat(16), writtenAt: '2026-11-23T01:00:00.123Z' }, { nonce: '1e'.repeat(16), writtenAt: '2026-11-24T01:00:00.000Z' }]) {
        await twice(async () => expect(await engine.plantCanary(ctx, world.component, canary)).toBeNull());
        expect(await found()).toEqual(canary);
      }
      expect((await engine.prove(world.context('proof'), await backUp(world, 'later'), world.source)).verdict).toBe('proven');
    });

    it('takes away what an ended run prepared, once', async () => {
      const world = await open();
      const before = await content(world);
      const backup = await backUp(world);
      const ctx = world.context('restore');
      await engine.prepare(ctx, world.component, backup, world.source);
      const ended = { owner: ctx.owner, notes: world.notesOf('restore'), kept: [] };
      expect(await engine.repairLeftovers(world.context('reap'), world.component, ended)).not.toEqual([]);
      expect(await engine.repairLeftovers(world.context('reap'), world.component, ended)).toEqual([]);
      expect(await content(world)).toEqual(before);
    });
  });
}
