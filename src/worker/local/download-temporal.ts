/** A process of its own: lets the SDK download the Temporal program into a directory. It starts the server to do so; that one is ended at once. */
import { createRequire } from 'node:module';
import { Runtime } from '@temporalio/worker';

const require = createRequire(import.meta.url);
const { version } = require('@temporalio/worker/package.json') as { version: string };
const runtime = Runtime.instance();
const server = await runtime.createEphemeralServer({
  type: 'dev-server',
  exe: { type: 'cached-download', downloadDir: process.argv[2] ?? '.', version: 'default', ttl: 365 * 24 * 3_600_000, sdkName: 'sdk-typescript', sdkVersion: version },
  ip: '127.0.0.1', port: null, ui: false, uiPort: null, namespace: 'default', dbFilename: null, log: { format: 'pretty', level: 'error' }, extraArgs: [],
});
await runtime.shutdownEphemeralServer(server);
