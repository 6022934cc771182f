/** The worker as a process: `holdfast worker`. Ends gracefully on SIGINT and SIGTERM; whatever it was doing goes on in another worker. */
import './bound-young-memory.ts';
import { loadConfig } from '../config/load-config.ts';
import { isFailure } from '../domain/failures.ts';
import { runWorker } from './main.ts';

const configPath = process.argv[2];
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort());

try {
  const config = await loadConfig({ path: configPath === '' ? undefined : configPath, environment: process.env, currentDirectory: process.cwd() });
  await runWorker({
    config, environment: process.env, signal: abort.signal,
    onReady: ({ address, namespace, queues }) => {
      process.stdout.write(`holdfast worker: ${address}, namespace ${namespace}, queues ${queues.join(', ')}\n`);
      process.send?.('ready');
    },
  });
  process.exit(0);
} catch (error) {
  process.stderr.write(`${isFailure(error) ? error.message : error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
}
