/** Looks after the append-only files of all components that this host's worker is to archive, until it is told to end; leaves how they stand in a file each. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { Config } from '../../config/config.ts';
import { pauseFor } from '../../containers/wait-until.ts';
import type { AofStatus } from '../../domain/aof/aof-status.ts';
import type { AofSource } from '../../engines/aof-source.ts';
import { createAofKeeper, type AofKeeper } from './aof-keeper.ts';

/** The files that a configuration asks this host's worker to archive. */
export function aofsOf(config: Pick<Config, 'services' | 'host'>, dependencies: Pick<ActivityDependencies, 'runs' | 'runtime' | 'timing' | 'resolveSecret' | 'repositories' | 'nowMs'>, source: AofSource, signal: AbortSignal): readonly AofKeeper[] {
  return config.services.filter(({ host }) => host === config.host).flatMap((service) => service.components.flatMap((component): AofKeeper[] => {
    if (component.engine !== 'redis' || component.aof !== 'archive') return [];
    const context = { namespaceId: dependencies.runs.namespaceId, service: service.name, runtime: dependencies.runtime, timing: dependencies.timing, signal, secret: dependencies.resolveSecret };
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
      const context = { namespaceId: dependencies.runs.namespaceId, service: service.name, runtime: dependencies.runtime, timing: dependencies.timing, signal, secret: dependencies.resolveSecret };
      await source.stop(context, component, { forget: true }).catch(() => undefined);
    }
  }
}

/** Returns when the signal is aborted; each is looked after by itself, so that one that hangs holds up no other. */
export async function keepAofs(keepers: readonly AofKeeper[], stateDirectory: string, everyMs: number, signal: AbortSignal): Promise<void> {
  await mkdir(join(stateDirectory, 'aof'), { recursive: true, mode: 0o700 });
  await Promise.all(keepers.map(async (keeper) => {
    let last: AofStatus | null = null;
    while (!signal.aborted) {
      try {
        last = await keeper.round();
        await leaveAofStatus(stateDirectory, last);
        await pauseFor(everyMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    if (last !== null) await leaveAofStatus(stateDirectory, { ...last, ended: true });
  }));
}

const statusPath = (stateDirectory: string, service: string, component: string): string => join(stateDirectory, 'aof', `${service}.${component}.json`);

/** Whole or not at all: it is read while it is written anew. */
async function leaveAofStatus(stateDirectory: string, status: AofStatus): Promise<void> {
  const path = statusPath(stateDirectory, status.service, status.component);
  const next = `${path}.${process.pid}`;
  await writeFile(next, `${JSON.stringify(status)}\n`, { mode: 0o600 });
  await rename(next, path);
}

/** How it stood when it was last looked after on this machine, or null where nobody ever did. */
export async function readAofStatus(stateDirectory: string, service: string, component: string): Promise<AofStatus | null> {
  try {
    return JSON.parse(await readFile(statusPath(stateDirectory, service, component), 'utf8')) as AofStatus;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
