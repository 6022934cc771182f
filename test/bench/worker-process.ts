/** The bench's worker: the product's own, in a process whose memory can be read. It tells its parent when it is ready, and what each call took. */
import '../../src/worker/bound-young-memory.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { runWorker } from '../../src/worker/main.ts';
import type { Config } from '../../src/config/config.ts';
import type { TimedCall } from './dumps/parts.ts';

const [configText = '', address = '', codePath = ''] = process.argv.slice(2);
const config = JSON.parse(configText) as Config;
const abort = new AbortController();
process.once('SIGTERM', () => abort.abort());
// Whoever measures is gone: nobody waits for this worker any more.
process.once('disconnect', () => process.exit(0));

const begun = new Map<string, number>();
const tell = (call: TimedCall): void => void process.send?.(call);
const { wrap, hooks } = instrument(config, {
  before: async ({ activity, component }) => void begun.set(`${activity}:${component}`, Date.now()),
  after: async ({ activity, component }) => tell({ activity, component, name: '', beganMs: begun.get(`${activity}:${component}`) ?? 0, endedMs: Date.now() }),
  around: async ({ activity, component }, name, run) => {
    const beganMs = Date.now();
    const result = await run();
    tell({ activity, component, name: name.split('#')[0] ?? '', beganMs, endedMs: Date.now() });
    return result;
  },
});

await runWorker({
  config, temporal: { address }, environment: process.env, signal: abort.signal, wrap,
  // Bundling takes far more memory than serving, and only a clone does it: it is done beforehand.
  hooks: { ...hooks, workflowBundle: { codePath } },
  onReady: () => process.send?.('ready'),
});
process.exit(0);
