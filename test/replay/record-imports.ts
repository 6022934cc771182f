/** Histories of importing what earlier scripts made, all of it and with a damaged file; and of writing a backup out, and once more where it is already. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { WorkflowHandle } from '@temporalio/client';
import { readFileFromContainer } from '../../src/containers/container-files.ts';
import type { Recorder } from './recorder.ts';

export async function recordImports({ service, save }: Recorder): Promise<void> {
  const childOf = async (run: WorkflowHandle): Promise<WorkflowHandle> => {
    const ids = ((await run.fetchHistory()).events ?? []).flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowId ?? []);
    return service.client.workflow.getHandle(ids[0] ?? '');
  };
  const directory = await mkdtemp(join(tmpdir(), 'holdfast recorded-'));
  try {
    await service.redisCli('SAVE');
    await writeFile(join(directory, 'redis-20260118-133121.rdb'), await buffer(await readFileFromContainer(service.runtime, service.redis, '/data/dump.rdb')));
    const input = { service: service.name, directory, timeZone: 'America/Denver' };
    const imported = await service.start('importBackups', input);
    await save('importBackups.done', imported, 'COMPLETED');
    await save('importBackup.done', await childOf(imported), 'COMPLETED');
    await writeFile(join(directory, 'redis-20260119-133121.rdb'), 'no RDB');
    const refused = await service.start('importBackups', input);
    await save('importBackups.refused', refused, 'ArtifactDamaged');
    await save('importBackup.refused', await childOf(refused), 'ArtifactDamaged');
    const exported = { service: service.name, directory: await mkdtemp(join(directory, 'exported-')) };
    await save('exportBackup.done', await service.start('exportBackup', exported), 'COMPLETED');
    await save('exportBackup.refused', await service.start('exportBackup', exported), 'AlreadyExists');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
