/** Which mount of a container a path in it lies on. Pure. */
import type { MountFacts } from './container-runtime.ts';

/** The mount with the longest destination that holds the directory or file (databases.md D19), or null. */
export function mountHolding(mounts: readonly MountFacts[], path: string): MountFacts | null {
  const holds = (mount: MountFacts): boolean => path === mount.destination || path.startsWith(`${mount.destination.replace(/\/$/, '')}/`);
  return mounts.filter(holds).toSorted((a, b) => b.destination.length - a.destination.length)[0] ?? null;
}
