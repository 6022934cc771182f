// The health check of the worker's container: does the worker of this machine ask Temporal for work? It says nothing about databases.
// Run beside the compiled product, or in a clone.
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';

const fromSource = existsSync(new URL('../src', import.meta.url));
const load = (name) => import(new URL(fromSource ? `../src/${name}.ts` : `../dist/${name}.js`, import.meta.url).href);
const { loadConfig } = await load('config/load-config');
const { connectClient } = await load('client/temporal-connection');
const { pollersOf } = await load('client/task-queue-pollers');
const { hostQueues } = await load('domain/task-queues');

try {
  const { host, queuePrefix } = await loadConfig({ environment: process.env, currentDirectory: process.cwd() });
  const client = await connectClient();
  let workers = [];
  for (const queue of hostQueues(host, queuePrefix)) {
    workers = await pollersOf(client, queue, 'activity');
    if (!workers.some((identity) => identity.startsWith(`holdfast@${hostname()} (`))) throw new Error(`no worker of this machine polls ${queue}`);
  }
  await client.connection.close();
  process.stdout.write(`at work: ${workers.join(', ')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
