/** Of which stores a service promises how much may be lost: one answer for `status` and for drills. Pure. */
import type { Component, ServiceDefinition } from '../service.ts';

export const keepsLog = (component: Component): boolean => (component.engine === 'postgres' ? component.wal !== undefined : component.aof !== undefined);

/**
 * One that keeps its log, within the default where nobody wrote another. One that keeps none loses what came behind its newest backup, as everybody knows who set it up so: that is
 * judged only where `objectives` are written down, and not of a store beside another, which may be a cache.
 */
export const promisesLoss = ({ components, objectives }: Pick<ServiceDefinition, 'components' | 'objectives'>, component: Component): boolean =>
  keepsLog(component) || (objectives !== undefined && (component.engine === 'postgres' || components.length === 1));
