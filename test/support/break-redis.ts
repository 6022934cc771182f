/** A Redis that ends at every start, and is started again by its restart policy. */
import { runBeside } from './run-beside.ts';
import { waitFor, type ServiceFixture } from './service-fixture.ts';

/** What its append-only files hold then. */
export const nonsense = 'nonsense';

/** Not while it runs: it would go on writing behind that. */
export async function breakRedis(service: ServiceFixture): Promise<void> {
  const { runtime, redis } = service;
  await runtime.kill(redis);
  await runBeside(service, redis, ['sh', '-euc', `for file in /data/appendonlydir/*.aof; do echo ${nonsense} >"$file"; done`]);
  await runtime.start(redis);
  await waitFor(async () => (await runtime.inspect(redis)).state === 'restarting');
}
