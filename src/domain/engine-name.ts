/** Engines that a component can have. */
export type EngineName = 'postgres' | 'redis';
