/** The image whose tools read a backup: the very one that wrote it, else the live container's, else what bears its name now; of these two one of the same or a newer major (databases.md L10). */
import type { PostgresBackup } from '../../../domain/backup-manifest.ts';
import type { EngineContext } from '../../engine-context.ts';

/** An image of this engine and its major, or null where it has none that will do. */
export async function imageFor(ctx: EngineContext, backup: PostgresBackup): Promise<{ readonly id: string; readonly majorVersion: number } | null> {
  const { imageId, image, container, majorVersion } = backup.server;
  const recorded = await ctx.runtime.findImage(imageId);
  if (recorded !== null) return { id: recorded.id, majorVersion };
  // Who sees no live container (a drill), or is on another engine, has the name that the image was pulled by.
  for (const reference of [(await ctx.runtime.find(container))?.imageId, image]) {
    const found = reference === undefined || reference === '' ? null : await ctx.runtime.findImage(reference);
    const major = Number(found?.environment['PG_MAJOR']);
    if (found !== null && Number.isInteger(major) && major >= majorVersion) return { id: found.id, majorVersion: major };
  }
  return null;
}

/** The id of an image of the very major that took it, which alone can read or start a physical backup; null where this engine has none. */
export async function imageOfMajor(ctx: EngineContext, backup: PostgresBackup): Promise<string | null> {
  const image = await imageFor(ctx, backup);
  return image?.majorVersion === backup.server.majorVersion ? image.id : null;
}
