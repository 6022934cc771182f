/** Out of which repository a drill takes everything, and where it notes what it is. */
import type { ServiceDefinition } from '../../domain/service.ts';
import type { RunDrillInput } from './messages.ts';

/** The one that was asked for, of a failover the one that is off site; the service's first where it is not said. */
export const drilledRepository = ({ input: { depth, repository }, service }: { readonly input: RunDrillInput; readonly service: { readonly definition: Pick<ServiceDefinition, 'failover'> } }): string | undefined =>
  (depth === 'failover' ? service.definition.failover?.repository : repository);
