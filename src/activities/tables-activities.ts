/** Single tables: made ready, and told what their transaction did. All that changes them goes through the cut-over's own activities. */
import { HoldfastFailure } from '../domain/failures.ts';
import type { ComponentCutOver } from '../domain/rollback.ts';
import type { Component } from '../domain/service.ts';
import type { TableOutcome } from '../domain/tables/difference.ts';
import type { PreparedComponent } from '../engines/engine-context.ts';
import type { TablesEngine, TablesRequest } from '../engines/engine.ts';
import type { RecoveredComponent } from '../engines/moment-engine.ts';
import { engineOf, firstRepository, inEngineContext } from './activity-run.ts';
import { sourceOf } from './artifacts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { notesOfTheWay, withRecovery, type LocatedInput } from './moment/moment-activities.ts';
import { readBackup } from './proof-activities.ts';

export function createTablesActivities(dependencies: ActivityDependencies) {
  return {
    /** The rows as they were taken aside and compared with the live ones; nothing live changes. @throws UnknownTable, TableUnfit, ForeignKeysBroken and what the engine throws */
    prepareTables: (input: { service: string; backupId: string; manifestSha256: string; component: Component; request: TablesRequest }): Promise<PreparedComponent> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { manifest, backup } = await readBackup(dependencies, { ...input, component: input.component.name });
        return tablesOf(input.component).prepare(context, input.component, backup, sourceOf(firstRepository(dependencies, input.service), manifest), input.request);
      }),

    /** The same rows as of a moment that was located: recovered to in a copy, which goes again. @throws PlanChanged, UnknownTable, TableUnfit, ForeignKeysBroken and what the engine throws */
    prepareTablesFromMoment: (input: LocatedInput & { request: TablesRequest }): Promise<RecoveredComponent> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { prepared, reached } = await withRecovery(dependencies, input, (recovery) => tablesOf(input.component).prepareFromMoment(context, input.component, recovery, input.request));
        return { prepared: { ...prepared, notes: [...await notesOfTheWay(dependencies, input, reached), ...prepared.notes] }, reached };
      }),

    /** What the transaction did, by its own count. Reads only. @throws AmbiguousState */
    readTables: (input: { service: string; component: Component; cutOver: ComponentCutOver }): Promise<readonly TableOutcome[]> =>
      inEngineContext(dependencies, input.service, (context) => tablesOf(input.component).readOutcome(context, input.component, input.cutOver)),
  };

  function tablesOf(component: Component): TablesEngine<Component> {
    const { tables } = engineOf(dependencies, component);
    if (tables !== undefined) return tables;
    throw new HoldfastFailure('InvalidInput', { operation: 'restore tables', object: component.name, cause: `${component.engine} has none`, hint: 'Tables are of PostgreSQL.' });
  }
}
