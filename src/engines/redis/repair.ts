/** Repairing what an ended run left: the setting it changed, and files it staged that no rollback record keeps. */
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ComponentCutOver } from '../../domain/rollback.ts';
import type { RunOwner } from '../../domain/run-owner.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import { removeRunDirectory } from './cut-over/discard.ts';
import { runRedisCommand } from './server/redis-cli.ts';
import { runDirectory, type StagedNote, stagedNoteKey } from './cut-over/staging.ts';
import { type SyncDelayNote, syncDelayNotes } from './transfer/sync-delay.ts';

export interface EndedRedisRun {
  readonly owner: RunOwner;
  readonly notes: Readonly<Record<string, unknown>>;
  readonly kept: readonly ComponentCutOver[];
}

/** Idempotent. @returns what it did, a sentence each */
export async function repairRedis(ctx: EngineContext, component: RedisComponent, run: EndedRedisRun): Promise<readonly string[]> {
  const done = [...await removeStaged(ctx, component, run)];
  for (const note of syncDelayNotes(component.name, run.notes)) done.push(...await putBackSetting(ctx, component, note));
  return done;
}

async function putBackSetting(ctx: EngineContext, component: RedisComponent, note: SyncDelayNote): Promise<readonly string[]> {
  const container = await ctx.runtime.find(note.containerId);
  // Paused it remembers, and cannot be told: the note has to stay until it can.
  if (container?.state === 'paused') {
    throw new HoldfastFailure('LeftoversRemain', { operation: 'put repl-diskless-sync-delay back', object: component.container, cause: `the container is paused; the setting was ${note.value}`, hint: `Unpause it (docker unpause ${component.container}); the next clean-up puts the setting back.` });
  }
  // A container that stopped or was recreated has forgotten the setting: it was never written to a file.
  if (container?.state !== 'running') return [];
  const connection = { component, containerId: container.id };
  const now = JSON.parse(await runRedisCommand(ctx, connection, ['CONFIG', 'GET', 'repl-diskless-sync-delay'], { json: true })) as Record<string, string>;
  if (now['repl-diskless-sync-delay'] !== '0' || note.value === '0') return [];
  await runRedisCommand(ctx, connection, ['CONFIG', 'SET', 'repl-diskless-sync-delay', note.value]);
  return [`${component.container}: repl-diskless-sync-delay put back to ${note.value}`];
}

async function removeStaged(ctx: EngineContext, component: RedisComponent, run: EndedRedisRun): Promise<readonly string[]> {
  const note = run.notes[stagedNoteKey(component.name)] as StagedNote | undefined;
  if (note === undefined) return [];
  const own = `${runDirectory(run.owner, component.name)}/`;
  const keeps = run.kept.some((cutOver) => cutOver.engine === 'redis' && (cutOver.asideDirectory.startsWith(own) || cutOver.stagedDirectory.startsWith(own)));
  if (keeps) return [];
  const removed = await removeRunDirectory(ctx, { component: component.name, container: component.container, ...note }, run.owner);
  return removed.map((path) => `${note.volume}: ${path} removed`);
}
