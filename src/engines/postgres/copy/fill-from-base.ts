/** A base backup recovered to a moment in the volume of a copy, and made a server of its own there: writable, on a timeline that nobody archives. */
import { halfTheMemory } from '../../../containers/machine-share.ts';
import { removeScratch } from '../../../containers/scratch.ts';
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted } from '../../../domain/wording.ts';
import type { CopySource, FilledCopy } from '../../copy-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { requireSameOrder } from '../directory/recover-beside.ts';
import { recoveryRoomBytes } from '../recovery/recovery-room.ts';
import { promoteAndStop, queryRecovered, type RecoveryServer } from '../recovery/recovery-server.ts';
import { awaitTarget, imageOf, startRecovery, type Recovery } from '../recovery/start-recovery.ts';
import { coveredBy } from '../recovery/target.ts';
import { firstError } from '../server/psql-failure.ts';
import { directory, finishServer, volumeMount, whoGetsIn } from './finish-server.ts';

/** @throws as a recovery to a moment may, InvalidInput where none is named */
export async function fillFromBase(ctx: EngineContext, component: PostgresComponent, base: PostgresBase, { source, moment }: Pick<CopySource, 'source' | 'moment'>, volume: string): Promise<FilledCopy> {
  if (moment === null) throw new HoldfastFailure('InvalidInput', { operation: 'make the copy', object: component.name, cause: 'no moment is named', hint: 'Name one: --to, --before.' });
  const { target, inclusive, timeline, files, archive } = moment;
  const imageId = await imageOf(ctx, { backup: base });
  const recovery: Recovery = { backup: base, source, imageId, place: { mount: volumeMount(volume), directory }, request: { target, inclusive, timeline }, log: { files, mount: archive }, roomBytes: recoveryRoomBytes(base, files.length), ...await halfTheMemory(ctx.runtime) };
  const server = await startRecovery(ctx, recovery);
  const beganMs = performance.now();
  const reached = await awaitTarget(ctx, recovery, server);
  let notes = await requireSameOrder(ctx, component, server, base, imageId);
  ctx.progress({ phase: 'promote the copy' });
  await promoteAndStop(ctx, server, reached.lsn, async () => {
    notes = [...notes, ...await disableSubscriptions(ctx, server), ...await whoGetsIn((sql) => ask(ctx, server, sql), component, volume)];
  });
  await removeScratch(ctx.runtime, server.server);
  const different = await finishServer(ctx, component, base, imageId, volume);
  return {
    at: coveredBy({ backup: base, target }, reached), reached: { stop: reached.stop, lsn: reached.lsn, lastCommitAt: reached.lastCommitAt },
    replayedMs: Math.round(performance.now() - beganMs), notes: [...notes, ...different],
  };
}

async function ask(ctx: EngineContext, server: RecoveryServer, sql: string, database?: string): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await queryRecovered(ctx, server, { sql, timeoutMs: ctx.timing.execMs, ...(database === undefined ? {} : { database }) });
  if (exitCode === 0) return stdout.split('\n').filter((line) => line !== '');
  throw new HoldfastFailure('RestoreFailed', { operation: 'make it a server of its own', object: server.server.name, cause: firstError(stderr), hint: 'Nothing live was changed.' });
}

/** Dropping one in the copy would go to the publisher, and drop the slot that the original needs. */
async function disableSubscriptions(ctx: EngineContext, server: RecoveryServer): Promise<readonly string[]> {
  const found: string[] = [];
  for (const database of await ask(ctx, server, 'SELECT datname FROM pg_database WHERE datallowconn AND oid IN (SELECT subdbid FROM pg_subscription) ORDER BY 1;')) {
    const own = 'FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY subname';
    found.push(...(await ask(ctx, server, `SELECT subname ${own};`, database)).map((name) => `${database}.${name}`));
    // As what replicates does it, so that no event trigger of the original's has a say.
    await ask(ctx, server, `SET session_replication_role = replica;\nSELECT format('ALTER SUBSCRIPTION %I DISABLE', subname) ${own} \\gexec\nSELECT format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subname) ${own} \\gexec\n`, database);
  }
  return found.length === 0 ? [] : [`In the copy ${counted(found.length, 'subscription')} (${found.slice(0, 5).join(', ')}) ${found.length === 1 ? 'is' : 'are'} disabled and without a slot: dropping one there takes nothing from its publisher`];
}
