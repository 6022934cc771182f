/** Task queue names: workflows on one shared queue, activities on the queues of the host whose containers they touch. Pure. */
import { checkName } from './identifiers.ts';

export const defaultQueuePrefix = 'holdfast';

export const workflowQueue = (prefix: string = defaultQueuePrefix): string => prefix;

/** The queue of the worker beside one Docker engine. @throws HoldfastFailure InvalidInput */
export const hostQueue = (host: string, prefix: string = defaultQueuePrefix): string => `${prefix}-host-${checkName('host', host)}`;

/** For what takes as long as the data is large, beside the host's own: no exchange waits behind somebody's dump. No host has it as its own, for no name has a colon. */
export const longQueue = (hostQueue: string): string => `${hostQueue}:long`;

/** Both of a host's, its own first. @throws HoldfastFailure InvalidInput */
export function hostQueues(host: string, prefix: string = defaultQueuePrefix): readonly [string, string] {
  const own = hostQueue(host, prefix);
  return [own, longQueue(own)];
}

/** All that have to be polled for a host's runs to go on, and for what. @throws HoldfastFailure InvalidInput */
export const polledQueues = (host: string, prefix: string = defaultQueuePrefix): readonly (readonly [queue: string, type: 'workflow' | 'activity'])[] =>
  [[workflowQueue(prefix), 'workflow'], ...hostQueues(host, prefix).map((queue) => [queue, 'activity'] as const)];
