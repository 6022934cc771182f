/** Another server on the files of a Redis: nothing keeps two apart, and the one that ends last writes its own RDB over whatever lies there (databases.md fact 8). */
import type { ContainerFacts } from '../../containers/container-runtime.ts';
import { isAtWork } from '../../containers/container-state.ts';
import { identityOf } from '../../containers/labels.ts';
import { othersOn } from '../../containers/others-on-data.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { EngineContext } from '../engine-context.ts';
import { liveDirectory } from './helper/redis-helper.ts';
import type { DataMount } from './server/server-facts.ts';

/** A container besides this one that could write there now, or null. Whatever is ours comes and goes. */
export async function otherAtWork(ctx: Pick<EngineContext, 'runtime'>, containerId: string, { type, source, subdirectory }: DataMount): Promise<ContainerFacts | null> {
  const data = { type, source, target: liveDirectory(''), directory: liveDirectory(subdirectory) };
  return (await othersOn(ctx.runtime, data)).find((each) => each.id !== containerId && isAtWork(each) && identityOf(each.labels) === null) ?? null;
}

/** Better told before anybody has waited. @throws UnsupportedTopology */
export async function requireAlone(ctx: Pick<EngineContext, 'runtime'>, { id, name }: Pick<ContainerFacts, 'id' | 'name'>, mount: DataMount | null): Promise<void> {
  const other = mount === null ? null : await otherAtWork(ctx, id, mount);
  if (mount === null || other === null) return;
  throw new HoldfastFailure('UnsupportedTopology', {
    operation: 'inspect Redis', object: name, cause: `${other.name} is ${other.state} on the same data (${mount.source})`, hint: `Stop it (docker stop ${other.name}), then start again. Nothing was changed.`,
  });
}
