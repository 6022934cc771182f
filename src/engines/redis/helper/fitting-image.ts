/** The image a backup is read with where its own server may be gone: the very one, or what bears its name now. */
import type { RedisBackup } from '../../../domain/backup-manifest.ts';
import type { EngineContext } from '../../engine-context.ts';

/** Image id, or null where neither is on this engine. Another version under the same name shows when it cannot read the file. */
export async function fittingImage(ctx: EngineContext, backup: RedisBackup): Promise<string | null> {
  const image = await ctx.runtime.findImage(backup.server.imageId) ?? await ctx.runtime.findImage(backup.server.image);
  return image?.id ?? null;
}
