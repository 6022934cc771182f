/** The logs of all components that this host's worker is to keep. */
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { Config } from '../../config/config.ts';
import type { WalMode } from '../../domain/service.ts';
import type { WalSource } from '../../engines/wal-source.ts';
import { contextBesideRuns } from '../context-beside-runs.ts';
import { createLogKeeper, type LogKeeper } from './log-keeper.ts';

export interface KeptLog {
  readonly service: string;
  readonly component: string;
  readonly keeper: LogKeeper;
}

/** What keeping takes besides what activities are given: sources, and the wishes of runs. */
export interface KeepingParts {
  readonly sources: Readonly<Record<WalMode, WalSource>>;
  wishOf(service: string, component: string): Promise<string | null>;
}

/** The logs that a configuration asks this host's worker to keep. */
export function logsOf(config: Pick<Config, 'services' | 'host'>, dependencies: Pick<ActivityDependencies, 'runs' | 'runtime' | 'timing' | 'resolveSecret' | 'repositories' | 'nowMs'>, { sources, wishOf }: KeepingParts, signal: AbortSignal): readonly KeptLog[] {
  return config.services.filter(({ host }) => host === config.host).flatMap((service) => service.components.flatMap((component): KeptLog[] => {
    if (component.engine !== 'postgres' || component.wal === undefined) return [];
    const source = sources[component.wal];
    const context = contextBesideRuns(dependencies, service.name, signal);
    const archives = service.repositories.flatMap((name) => {
      const repository = dependencies.repositories.get(name);
      return repository === undefined ? [] : [{ name, archive: repository.wal }];
    });
    return [{ service: service.name, component: component.name, keeper: createLogKeeper({ source, context, component, archives, nowMs: dependencies.nowMs, wish: () => wishOf(service.name, component.name) }) }];
  }));
}
