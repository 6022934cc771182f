/** Looks after the logs of all components that this host's worker is to keep, until it is told to end; leaves how they stand in a file each. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { Config } from '../../config/config.ts';
import type { WalMode } from '../../domain/service.ts';
import type { LogStatus } from '../../domain/wal/log-status.ts';
import { pauseFor } from '../../containers/wait-until.ts';
import type { WalSource } from '../../engines/wal-source.ts';
import { createLogKeeper, type LogKeeper } from './log-keeper.ts';
import { leaveLogStatus } from './log-status-file.ts';

export interface KeptLog {
  readonly service: string;
  readonly component: string;
  readonly keeper: LogKeeper;
}

/** The logs that a configuration asks this host's worker to keep. */
export function logsOf(config: Pick<Config, 'services' | 'host'>, dependencies: Pick<ActivityDependencies, 'runs' | 'runtime' | 'timing' | 'resolveSecret' | 'repositories' | 'nowMs'>, sources: Readonly<Record<WalMode, WalSource>>, signal: AbortSignal): readonly KeptLog[] {
  return config.services.filter(({ host }) => host === config.host).flatMap((service) => service.components.flatMap((component): KeptLog[] => {
    if (component.engine !== 'postgres' || component.wal === undefined) return [];
    const source = sources[component.wal];
    const context = { namespaceId: dependencies.runs.namespaceId, service: service.name, runtime: dependencies.runtime, timing: dependencies.timing, signal, secret: dependencies.resolveSecret };
    const archives = service.repositories.flatMap((name) => {
      const repository = dependencies.repositories.get(name);
      return repository === undefined ? [] : [{ name, archive: repository.wal }];
    });
    return [{ service: service.name, component: component.name, keeper: createLogKeeper({ source, context, component, archives, nowMs: dependencies.nowMs }) }];
  }));
}

/** Returns when the signal is aborted; each log is looked after by itself, so that one that hangs holds up no other. */
export async function keepLogs(logs: readonly KeptLog[], stateDirectory: string, everyMs: number, signal: AbortSignal): Promise<void> {
  await mkdir(join(stateDirectory, 'wal'), { recursive: true, mode: 0o700 });
  await Promise.all(logs.map(async ({ keeper }) => {
    let last: LogStatus | null = null;
    while (!signal.aborted) {
      try {
        last = await keeper.round();
        await leaveLogStatus(stateDirectory, last);
        await pauseFor(everyMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    // Nobody has to wait until it looks old: where another worker keeps the log too, its next round says otherwise.
    if (last !== null) await leaveLogStatus(stateDirectory, { ...last, ended: true });
  }));
}
