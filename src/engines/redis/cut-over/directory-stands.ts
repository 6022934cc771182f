/** Looking, through a helper on the volume, whether one of a cut-over's own directories is there. */
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { EngineContext } from '../../engine-context.ts';
import { helperScripts } from '../helper/helper-scripts.ts';
import { requireSuccess, runRedisHelper } from '../helper/redis-helper.ts';
import { checkOwnPath, mountOfCutOver } from './staging.ts';

/** @param path `.holdfast/<run16>/new` or `…/old` */
export async function directoryStands(ctx: EngineContext, cutOver: RedisCutOver, path: string): Promise<boolean> {
  const mount = mountOfCutOver(cutOver);
  const result = await runRedisHelper(ctx, {
    component: cutOver.component,
    step: 'look',
    phase: 'looking how far the exchange went',
    imageId: cutOver.imageId,
    network: 'none',
    script: helperScripts.look,
    args: [`${mount.directory}/${checkOwnPath(path, cutOver.container)}`],
    mounts: [{ type: mount.type, source: mount.source, target: '/live', readOnly: true }],
  });
  return requireSuccess(result, 'look at the exchange', cutOver.container).files.get('exists')?.trim() === 'yes';
}
