/** `up`: the embedded server in front of somebody, for a machine that should always be ready. */
import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastFailure } from '../domain/failures.ts';
import { ensureLocalTemporal, findLocalTemporal, leaveLocalTemporal } from '../worker/local/local-supervisor.ts';
import { runWorker } from '../worker/main.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';
import { forgetConfiguredServer, openSession } from './temporal-session.ts';

export async function up(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const config = await context.config();
  const ensure = (signal?: AbortSignal) => ensureLocalTemporal({ ...(signal === undefined ? {} : { signal }), config, environment: context.environment, currentDirectory: context.currentDirectory, timing: context.timing, say: (text) => output.progress(text), foreground: true });
  const local = await interruptible(ensure);
  if (!local.ownWorker) throw new HoldfastFailure('ServiceBusy', { operation: 'start the worker', object: 'this machine', cause: 'holdfast up runs already for this configuration', hint: 'Use it: every command finds it by itself.' });
  forgetConfiguredServer(context.environment);
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort());
  try {
    const working = runWorker({
      config: { ...config, queuePrefix: local.queuePrefix }, temporal: { address: local.address, namespace: 'default' }, environment: context.environment, signal: end.signal,
      onReady: () => {
        output.result(`Up: ${local.address} · ${local.uiAddress} · task queue ${local.queuePrefix} · services ${config.services.map(({ name }) => name).join(', ')}. Ctrl-C ends it; open runs wait for the next start.`);
        // Repairs what an unexpected end left, exactly as any other command does.
        if (local.recovered) void repair(context).catch((error: unknown) => output.notice(`What earlier runs left is not repaired yet: ${error instanceof Error ? error.message : String(error)}`));
      },
    });
    const kept = keepServer(context, end.signal, async () => void await ensure());
    await Promise.race([working, kept]);
    await working;
    return exitCodes.done;
  } finally {
    end.abort();
    output.progress('Ending Temporal and the worker');
    await leaveLocalTemporal(context.environment);
  }
}

/** A server that was killed is started again on its own file and address. Ends with the signal. */
async function keepServer(context: CommandContext, signal: AbortSignal, ensure: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await pause(context.timing.localPollMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted && (await findLocalTemporal(context.environment)).server === null) await ensure();
  }
}

async function repair(context: CommandContext): Promise<void> {
  const { repairFirst } = await import('./temporal-session.ts');
  const session = await openSession(context);
  try {
    await repairFirst(context, session);
  } finally {
    await session.close();
  }
}
