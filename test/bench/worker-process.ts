/** The bench's worker: the product's own, in a process whose memory can be read. */
import { runWorker } from '../../src/worker/main.ts';

const [config = '', address = ''] = process.argv.slice(2);
const abort = new AbortController();
process.once('SIGTERM', () => abort.abort());
await runWorker({ config: JSON.parse(config), temporal: { address }, environment: process.env, signal: abort.signal, onReady: () => process.send?.('ready') });
process.exit(0);
