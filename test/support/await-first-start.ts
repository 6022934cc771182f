/** The first start of a PostgreSQL that a test needs and is not about. */
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';

/**
 * Waits by one process inside its container: one for each look, ten of them until the cluster is made, took a fifth of what such a start takes in all. By the network
 * only the real server answers (databases.md D18). What keeps it from starting is told by whoever looks at it next.
 */
export async function awaitFirstStart(runtime: ContainerRuntime, id: string, port = 5432): Promise<void> {
  const script = 'looks=0; until pg_isready -q -h 127.0.0.1 -p "$1" || [ $looks -ge 600 ]; do looks=$((looks + 1)); sleep 0.1; done';
  await runtime.exec(id, { argv: ['sh', '-c', script, 'wait', String(port)], timeoutMs: 120_000 }).catch(() => undefined);
}
