/** Task queue names: workflows on one shared queue, activities on the queue of the host whose containers they touch. Pure. */
import { checkName } from './identifiers.ts';

export const defaultQueuePrefix = 'holdfast';

export const workflowQueue = (prefix: string = defaultQueuePrefix): string => prefix;

/** The queue of the worker beside one Docker engine. @throws HoldfastFailure InvalidInput */
export const hostQueue = (host: string, prefix: string = defaultQueuePrefix): string => `${prefix}-host-${checkName('host', host)}`;
