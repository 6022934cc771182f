/** The append-only files of all components that this host's worker is to archive, and the end of what followed others. */
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { Config } from '../../config/config.ts';
import type { AofSource } from '../../engines/aof-source.ts';
import { contextBesideRuns } from '../context-beside-runs.ts';
import { createAofKeeper, type AofKeeper } from './aof-keeper.ts';

/** The files that a configuration asks this host's worker to archive. */
export function aofsOf(config: Pick<Config, 'services' | 'host'>, dependencies: Pick<ActivityDependencies, 'runs' | 'runtime' | 'timing' | 'resolveSecret' | 'repositories' | 'nowMs'>, source: AofSource, signal: AbortSignal): readonly AofKeeper[] {
  return config.services.filter(({ host }) => host === config.host).flatMap((service) => service.components.flatMap((component): AofKeeper[] => {
    if (component.engine !== 'redis' || component.aof !== 'archive') return [];
    const context = contextBesideRuns(dependencies, service.name, signal);
    const archives = service.repositories.flatMap((name) => {
      const repository = dependencies.repositories.get(name);
      return repository === undefined ? [] : [{ name, archive: repository.aof }];
    });
    return [createAofKeeper({ source, context, component, archives, nowMs: dependencies.nowMs })];
  }));
}

/** Ends the followers of components whose file is to be archived no more, with what they had; what fails is left for the next start of a worker. */
export async function endFormerFollowers(config: Pick<Config, 'services' | 'host'>, dependencies: Pick<ActivityDependencies, 'runs' | 'runtime' | 'timing' | 'resolveSecret'>, source: AofSource, signal: AbortSignal): Promise<void> {
  for (const service of config.services.filter(({ host }) => host === config.host)) {
    for (const component of service.components) {
      if (component.engine !== 'redis' || component.aof === 'archive') continue;
      const context = contextBesideRuns(dependencies, service.name, signal);
      await source.stop(context, component, { forget: true }).catch(() => undefined);
    }
  }
}
