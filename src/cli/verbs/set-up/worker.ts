import type { Command } from 'commander';
import { exitCodes } from '../../exit-codes.ts';
import { act, verb } from '../../verb.ts';

export function workerCommand(): Command {
  return verb('worker', 'Work for a Temporal server of yours, beside the Docker engine. Ends gracefully; what it was doing goes on in the next one.', ['worker', 'TEMPORAL_ADDRESS=temporal:7233 holdfast worker'])
    .option('--standby', 'stand by for a service of another host: take nothing but what is asked of this host by name (drill failover), keep no log')
    .action(act<{ readonly standby?: boolean }>(async (context, { standby = false }) => {
      const { runWorker } = await import('../../../worker/main.ts');
      const config = await context.config();
      const end = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end.abort());
      await runWorker({
        config, environment: context.environment, signal: end.signal, standby,
        onReady: ({ address, namespace, queues }) => {
          context.output.progress(`Working for ${address}, namespace ${namespace}, on ${queues.join(' and ')}. Services: ${config.services.map(({ name }) => name).join(', ')}.`);
          process.send?.('ready');
        },
      });
      return exitCodes.done;
    }));
}
