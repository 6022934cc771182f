/** The image whose tools read a backup: the very one that wrote it, else the live container's, of the same or a newer major (databases.md L10). */
import type { PostgresBackup } from '../../../domain/backup-manifest.ts';
import type { EngineContext } from '../../engine.ts';

/** An image id of this engine, or null where it has none that will do. */
export async function imageFor(ctx: EngineContext, backup: PostgresBackup): Promise<string | null> {
  const { imageId, container, majorVersion } = backup.server;
  const recorded = await ctx.runtime.findImage(imageId);
  if (recorded !== null) return recorded.id;
  const live = await ctx.runtime.find(container);
  const image = live === null ? null : await ctx.runtime.findImage(live.imageId);
  const major = Number(image?.environment['PG_MAJOR']);
  return image !== null && Number.isInteger(major) && major >= majorVersion ? image.id : null;
}
