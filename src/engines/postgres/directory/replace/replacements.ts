/** Cut-overs by data directory, whether old and new stand beside each other or the one takes the other's room. */
import { withImageAtHand } from '../../../../containers/image-at-hand.ts';
import { HoldfastFailure } from '../../../../domain/failures.ts';
import type { PostgresDirectoryCutOver } from '../../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../../engine-context.ts';
import type { ReplacementEngine } from '../../../replacement-engine.ts';
import { open, requireReady, rollBack } from '../exchange.ts';
import { discardDirectoryRollback } from '../remove.ts';
import { prepareDirectoryUndo } from '../undo.ts';
import { carryOut, discardReplaced, forgetMarks, rollBackReplaced } from './carry-out.ts';
import { prepareReplacement, prepareReplacementUndo, requireReplaceable } from './prepare-replacement.ts';
import { isReplacing } from './set-aside-place.ts';

export const postgresReplacements: ReplacementEngine<PostgresComponent> = {
  prepare: prepareReplacement,
  carryOut: async (ctx, component, cutOver, brought) => {
    if (cutOver.engine !== 'postgres' || cutOver.method !== 'directory' || !isReplacing(cutOver)) throw new HoldfastFailure('InvalidInput', { operation: 'replace the data where it lies', object: component.container, cause: 'the cut-over is of another kind', hint: 'Please report this: it is a mistake in Holdfast.' });
    await carryOut(ctx, component, cutOver, brought);
  },
};

/** The steps that differ. Going back, forward after a death, or letting go may be long after: the image of then may be gone. */
export const withReplacement = {
  prepareUndo: (ctx: EngineContext, component: PostgresComponent, own: PostgresDirectoryCutOver): Promise<PreparedComponent> => (isReplacing(own) ? prepareReplacementUndo(ctx, component, own) : prepareDirectoryUndo(ctx, component, own)),
  async requireReady(ctx: EngineContext, component: PostgresComponent, own: PostgresDirectoryCutOver): Promise<void> {
    await requireReady(ctx, component, own);
    if (isReplacing(own)) await requireReplaceable(ctx, component, own);
  },
  /** What is noted on the volume goes before anybody is let in: from here on nothing of a late attempt may take it for its own. */
  async open(ctx: EngineContext, component: PostgresComponent, recorded: PostgresDirectoryCutOver): Promise<void> {
    const own = await withImageAtHand(ctx.runtime, recorded);
    if (isReplacing(own)) await forgetMarks(ctx, own);
    await open(ctx, component, own);
  },
  async rollBack(ctx: EngineContext, component: PostgresComponent, recorded: PostgresDirectoryCutOver): Promise<readonly string[]> {
    const own = await withImageAtHand(ctx.runtime, recorded);
    return isReplacing(own) ? rollBackReplaced(ctx, component, own) : rollBack(ctx, component, own);
  },
  async discardRollback(ctx: EngineContext, recorded: PostgresDirectoryCutOver): Promise<void> {
    const own = await withImageAtHand(ctx.runtime, recorded);
    await (isReplacing(own) ? discardReplaced(ctx, own) : discardDirectoryRollback(ctx, own));
  },
} as const;
