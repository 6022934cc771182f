/** What a drill begins with that has nothing but a repository: the keys, asked for where they are kept, and the way to the newest point. Nothing live is asked, and no state of this host's. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { placeText, missingKeys, type DrillKey, type FoundKey } from '../../domain/drill/drill-keys.ts';
import { drillSettingsOf } from '../../domain/drill/drill-settings.ts';
import type { DrillKind } from '../../domain/drill/objectives.ts';
import { isFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { Repository } from '../../repository/repository.ts';
import { currentOwner, ownRepository, serviceNamed, type InRepository } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { reportProgress } from '../heartbeating.ts';
import { chosenOf, type ChosenDrill } from './choose-activities.ts';
import { compositionOf } from './composition-of.ts';
import { newestBackup } from './drill-choice.ts';
import { inDrill } from './drill-context.ts';
import { newestWay, type DrillWay } from './newest-way.ts';

export interface RebuildInput extends InRepository {
  readonly kind: DrillKind;
}

export function createRebuildActivities(dependencies: ActivityDependencies) {
  return {
    /** Begins the drill, and looks for each key; until then again, where one is missing. No key is kept or answered. @throws InvalidInput where the service does not keep its backups in that repository */
    async findDrillKeys(input: RebuildInput & { until?: string }): Promise<readonly FoundKey[]> {
      const keys = drillSettingsOf(serviceNamed(dependencies, input.service)).keys ?? [];
      // Before anything can go wrong: a drill that ends without a report is not forgotten.
      await ownRepository(dependencies, input, 'choose the repository').drills.claim(input.service, input.kind, currentOwner(dependencies), dependencies.nowMs());
      for (;;) {
        const found = await Promise.all(keys.map(lookFor));
        if (missingKeys(found).length === 0 || input.until === undefined || dependencies.nowMs() >= Date.parse(input.until)) return found;
        reportProgress({ phase: `waiting for ${missingKeys(found).map(({ name }) => name).join(', ')}` });
        await pause(dependencies.timing.keyLookMs, undefined, { signal: Context.current().cancellationSignal });
      }
    },

    /**
     * The newest point that the repository leads to: a base backup and the log behind it where the service keeps its log, or where one is archived that leads farther than the newest
     * backup; else that backup. @throws as `locatePoint` and `chooseDrill` may
     */
    chooseRebuild: (input: RebuildInput): Promise<ChosenDrill> =>
      inDrill(dependencies, input, async (drill) => {
        const repository = ownRepository(dependencies, input, 'choose the repository');
        const definition = serviceNamed(dependencies, input.service);
        const postgres = definition.components.find((each): each is PostgresComponent => each.engine === 'postgres');
        const newest = { choice: { kind: 'latest' }, newest: true, rebuilt: true, composition: await compositionOf(dependencies, definition) } as const;
        const way = postgres === undefined ? null : await newestWay(dependencies, drill, repository, postgres.name).catch(unless(postgres.wal === undefined));
        if (way !== null && (postgres?.wal !== undefined || await leadsFarther(repository, input.service, way))) {
          return { ...await chosenOf(repository, definition, { ...newest, backupId: way.located.base.backupId, logged: way.component }), point: way.at, nextTo: way.at, way };
        }
        // Of a store that keeps no log a backup is the newest there is; one that keeps its own leads on from there by itself.
        return { ...await chosenOf(repository, definition, { ...newest, backupId: await newestBackup(repository, input.service) }), ...(postgres === undefined ? { nextTo: new Date(dependencies.nowMs()).toISOString() } : {}) };
      }),
  };

  async function lookFor({ name, kept }: DrillKey): Promise<FoundKey> {
    const place = placeText(kept);
    try {
      await dependencies.requireKey(kept);
      return { name, place, found: true, why: '' };
    } catch (error) {
      if (!isFailure(error, 'SecretNotFound')) throw error;
      return { name, place, found: false, why: error.fields.cause };
    }
  }
}

/** Nobody promised a log: that none leads anywhere is no finding. */
const unless = (optional: boolean) => (error: unknown): null => {
  if (optional && isFailure(error) && !error.retryable) return null;
  throw error;
};

async function leadsFarther(repository: Repository, service: string, { log, at }: DrillWay): Promise<boolean> {
  if (log === null) return false;
  const { manifest } = await repository.readManifest(service, await newestBackup(repository, service));
  return Date.parse(at) > Date.parse(manifest.point.at);
}
