/**
 * A worker that kills itself. A child process built from the product's own composition root; it is told by message what to serve and where
 * to die, and dies there of SIGKILL: no handler runs, nothing is flushed, nothing is reported.
 */
import type { Config } from '../../../src/config/config.ts';
import { runWorker } from '../../../src/worker/main.ts';
import type { WorkerHooks } from '../../../src/worker/create-worker.ts';
import { parsePoint } from './fault-point.ts';
import { instrument } from './instrument.ts';
import { strikeAt } from './strike.ts';
import { twistOf } from './twist.ts';

/** `kill`: dies at the point. `hold`: says so and waits to be told to go on (its parent may kill or stop it meanwhile). */
export interface DoomedOrder {
  readonly config: Config;
  /** Of another host, whose worker stands by. */
  readonly standby?: boolean;
  readonly temporalAddress: string;
  readonly workflowBundle: NonNullable<WorkerHooks['workflowBundle']>;
  readonly point: string;
  readonly strike: 'kill' | 'hold';
  /** How soon a helper is struck (strike.ts). */
  readonly haste?: number;
}

export type DoomedReport = 'loaded' | 'ready' | 'reached';

const tell = (report: DoomedReport): void => void process.send?.(report);

function strikeBy(order: DoomedOrder): Promise<void> {
  if (order.strike === 'kill') process.kill(process.pid, 'SIGKILL');
  tell('reached');
  return new Promise((resolve) => void process.once('message', () => resolve()));
}

async function serve(order: DoomedOrder): Promise<void> {
  const point = parsePoint(order.point);
  const { wrap, hooks } = instrument(order.config, strikeAt(point, () => strikeBy(order), order.haste));
  await runWorker({
    config: order.config,
    temporal: { address: order.temporalAddress },
    environment: { ...process.env, HOLDFAST_TIMING: 'test' },
    standby: order.standby === true,
    signal: new AbortController().signal,
    wrap: (dependencies) => wrap(twistOf(point.scenario)(dependencies)),
    hooks: { ...hooks, workflowBundle: order.workflowBundle },
    onReady: () => tell('ready'),
  });
}

// Whoever started it is gone: nobody waits for this worker any more.
process.once('disconnect', () => process.exit(0));
process.once('message', (order) => void serve(order as DoomedOrder).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
}));
tell('loaded');
