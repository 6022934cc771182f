/** Does a server answer that is to be replaced as a whole? What its container says is not enough: it may hang, recover for hours, or listen where nobody looks. */
import { isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { postmasterStart } from '../inspect.ts';
import type { DataSighting } from './data-place.ts';

/** It may have come up by itself meanwhile: then its clean end is waited for, and its answer where it is started again. */
export async function answers(ctx: EngineContext, component: PostgresComponent, { container }: Pick<DataSighting, 'container'>): Promise<boolean> {
  try {
    return container.state === 'running' && await postmasterStart(ctx, component, container.id) !== null;
  } catch (error) {
    if (isFailure(error)) return false;
    throw error;
  }
}
