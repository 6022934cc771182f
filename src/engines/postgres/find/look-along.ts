/** A base backup recovered step by step, in a volume of the run's own, and a condition asked at each stop. The live server and its volume are not touched. */
import { findScratchOf, removeScratch } from '../../../containers/scratch.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { Stop } from '../../../domain/find/narrowing.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { Look, LogWalk } from '../../moment-engine.ts';
import { requireSameOrder } from '../directory/recover-beside.ts';
import { recoveryRoomBytes } from '../recovery/recovery-room.ts';
import { awaitStop, type Reached, type RecoveryServer } from '../recovery/recovery-server.ts';
import { nothingLacking, type Lacking } from '../recovery/recovery-failure.ts';
import { imageOf, moreLacking, roundsAtMost, settingsOf, startRecovery, tooManyRounds, type Recovery } from '../recovery/start-recovery.ts';
import { firstError } from '../server/psql-failure.ts';
import { walkScripts } from '../server/script-text.ts';
import { askCondition } from './ask-condition.ts';

/** See the contract (moment-engine.ts). */
export async function lookAlong(ctx: EngineContext, component: PostgresComponent, walk: LogWalk): Promise<readonly Look[]> {
  const looks: Look[] = [];
  let standing: Standing | null = null;
  try {
    for (const [index, stop] of walk.stops.entries()) {
      const told: EngineContext = { ...ctx, progress: ({ phase, ...rest }) => ctx.progress({ phase: `moment ${index + 1} of ${walk.stops.length}: ${phase}`, ...rest }) };
      standing = await stopAt(told, walk, stop, standing);
      if (index === 0 && walk.condition.kind === 'sql') await requireUsableIndexes(told, component, walk, standing.server);
      told.progress({ phase: 'ask the condition' });
      looks.push({ ...await askCondition(told, standing.server, component, walk.condition), lastCommitAt: standing.lastCommitAt });
    }
    return looks;
  } finally {
    // Of this component alone: another one's step of this run may be at work.
    const own = (await findScratchOf(ctx.runtime, ctx.owner)).filter(({ identity }) => identity.component === walk.backup.component);
    for (const scratch of own) await removeScratch(ctx.runtime, scratch);
  }
}

/** What somebody asks may be answered by an index. @throws VersionMismatch where another image sorts text otherwise than the one of the backup */
async function requireUsableIndexes(ctx: EngineContext, component: PostgresComponent, { backup }: LogWalk, server: RecoveryServer): Promise<void> {
  const imageId = await imageOf(ctx, { backup });
  if (imageId !== backup.server.imageId) await requireSameOrder(ctx, component, server, backup, imageId);
}

interface Standing extends Pick<Reached, 'lastCommitAt'> {
  readonly server: RecoveryServer;
  /** What the original did by then. */
  readonly lacking: Lacking;
}

/** Unpacked at first, then sent on from where it stands. */
async function stopAt(ctx: EngineContext, walk: LogWalk, stop: Stop, before: Standing | null): Promise<Standing> {
  let lacking = before?.lacking ?? nothingLacking;
  let server = before?.server ?? null;
  for (let round = 1; round <= roundsAtMost; round += 1) {
    const recovery = recoveryTo(walk, stop, lacking);
    if (server === null) server = await startRecovery(ctx, recovery);
    else await goOn(ctx, recovery, server);
    const reached = await awaitStop(ctx, server);
    if (!('lacks' in reached)) return { server, lacking, lastCommitAt: reached.lastCommitAt };
    // Its server may have ended over it, and its container with that: anew, with that from the first.
    lacking = moreLacking(lacking, reached);
    server = null;
  }
  throw tooManyRounds(walk.backup.component);
}

/** A container for each stop would cost more than the recovery. */
async function goOn(ctx: EngineContext, recovery: Recovery, { server, directory }: RecoveryServer): Promise<void> {
  ctx.progress({ phase: 'go on to the next moment' });
  const settings = settingsOf(recovery, directory);
  const { exitCode, stderr } = await ctx.runtime.exec(server.id, { argv: ['sh', '-c', walkScripts.goOn, 'go-on', directory], stdin: settings, timeoutMs: ctx.timing.stopMs, signal: ctx.signal });
  if (exitCode !== 0) throw new HoldfastFailure('HelperLost', { operation: 'go on to the next moment', object: server.name, cause: firstError(stderr), hint: 'The step is tried again.' });
}

const recoveryTo = ({ backup, source, timeline, files, archive }: LogWalk, { lsn, inclusive }: Stop, lacking: Lacking): Recovery =>
  ({ backup, source, request: { target: { kind: 'lsn', lsn }, inclusive, timeline }, log: { files, mount: archive }, lacking, serverScript: walkScripts.runServer, roomBytes: recoveryRoomBytes(backup, files.length) });
