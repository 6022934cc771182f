/** What a run makes for itself gives way to whatever serves its users: the cores go to others first, and where the machine has no memory left it is the first to end. */
import type { ContainerRuntime, ContainerSpec } from './container-runtime.ts';

/**
 * An eighth of the weight that a container has by default: the database that is read from goes first, and so does whatever else runs beside a proof. And the highest
 * score there is: the kernel ends nothing of production's while something of a run's is left to end. Its step is tried again, or could not verify.
 */
export const givesWay = { cpuShares: 128, oomScoreAdj: 1000 } as const satisfies Pick<ContainerSpec, 'cpuShares' | 'oomScoreAdj'>;

/** A server of our settings starts and restores in this; less would make a proof fail on a small machine that has room for it. */
const leastBytes = 1024 ** 3;

/**
 * Half of the engine's memory, for a server that proves, drills or fills a copy beside what is live: with it go the pages of files that it writes, which else would push those of production
 * out of memory. What a server needs cannot be told from the size of its data (one value may have a gigabyte, and several copies of it are made), so no smaller limit is
 * right for all; and where data is restored for good there is none, for then nothing is more urgent. Nothing where the engine does not say how much it has.
 */
export async function halfTheMemory(runtime: Pick<ContainerRuntime, 'ping'>, neededBytes = 0): Promise<Pick<ContainerSpec, 'memoryBytes'>> {
  const { memoryBytes } = await runtime.ping();
  return memoryBytes > 0 ? { memoryBytes: Math.max(Math.floor(memoryBytes / 2), leastBytes, neededBytes) } : {};
}
