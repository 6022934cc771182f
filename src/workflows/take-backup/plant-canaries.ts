/** The canary, where the service asks for one. No backup is lost because of it: what keeps it out of a store is said, and the manifest names only what was written. */
import { isCancellation } from '@temporalio/workflow';
import type { Canary, WrittenCanary } from '../../domain/canary.ts';
import type { Run } from '../shared/run.ts';
import { failureTypeOf } from '../shared/workflow-failure.ts';
import type { TakeBackupInput } from './messages.ts';

/** Null where none was asked for, and where no store took it. */
export async function plantCanaries(run: Run<TakeBackupInput>): Promise<WrittenCanary | null> {
  if (run.service.definition.canary !== true) return null;
  const components: string[] = [];
  let canary: Canary | null = null;
  for (const { name } of run.components) {
    const planted = await plantOne(run, name);
    if (planted === null) continue;
    canary = planted;
    components.push(name);
  }
  if (canary === null) return null;
  run.note(`Canary written into ${components.join(' and ')}`);
  return { ...canary, components };
}

async function plantOne(run: Run<TakeBackupInput>, component: string): Promise<Canary | null> {
  const without = (why: string): null => {
    run.warn(`No canary in ${component}: ${why}. The backup goes on; drills of it will not look for one there`);
    return null;
  };
  try {
    const planted = await run.host.quick.plantCanary({ service: run.input.service, component });
    return 'refused' in planted ? without(planted.refused) : planted.canary;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return without(`${failureTypeOf(error)}, again and again`);
  }
}
