/** What is live, counted and hashed the way a backup does, against the manifest of the backup that was restored. The writer has to be stopped. */
import { randomUUID } from 'node:crypto';
import { contentOf } from '../../src/domain/backup-manifest.ts';
import { compareContent, describeDifference } from '../../src/domain/content.ts';
import { productionTiming } from '../../src/domain/timing.ts';
import type { EngineContext } from '../../src/engines/engine-context.ts';
import { composeEngines, composeRuntime } from '../../src/worker/dependencies.ts';
import type { Stage } from './stage.ts';

/** Answers how many tables and keys were equal. @throws Error with the differences */
export async function compareLive(stage: Stage, backupId: string): Promise<{ readonly tables: number; readonly keys: number }> {
  const { definition, repository } = stage;
  const { manifest } = await repository.readManifest(definition.name, backupId);
  const engines = composeEngines();
  const context = contextOf(stage);
  const equal = { tables: 0, keys: 0 };
  for (const backup of manifest.components) {
    const live = definition.components.find(({ name }) => name === backup.component);
    const content = contentOf(backup);
    if (live === undefined || content === null) throw new Error(`the service has no ${backup.component}, or its backup no counts`);
    const differences = compareContent(content, await engines[live.engine].readContent(context, live, { contentHashes: true, jobs: 2 }));
    if (differences.length > 0) throw new Error(`what was restored differs from the manifest: ${differences.map(describeDifference).join('; ')}`);
    if (content.engine === 'postgres') equal.tables += content.tables.length;
    else equal.keys += content.databases.reduce((sum, { keys }) => sum + Number(keys), 0);
  }
  return equal;
}

/** The engines' own reading wants a run that owns its helpers; they are removed when it is done, or with the demo. */
function contextOf({ namespaceId, signal, service, definition, environment }: Stage): EngineContext {
  const notes = new Map<string, unknown>();
  return {
    owner: { namespaceId, workflowId: 'holdfast-demo/compare', runId: randomUUID() },
    service: definition.name, attempt: 'a1-00000000', runtime: composeRuntime(environment), timing: productionTiming, signal,
    progress: () => undefined,
    secret: async () => service.redis.password ?? '',
    recordOnce: async (key, value) => notes.get(key) ?? (notes.set(key, value), value),
    readNote: async (key) => notes.get(key),
  };
}
