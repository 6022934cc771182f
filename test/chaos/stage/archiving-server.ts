/** Both stores archived as `wal: archive` and `aof: archive` ask for it, from a base backup of the live side over a mark where the saved one stands. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Component } from '../../../src/domain/service.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import type { EnableWalResult } from '../../../src/workflows/enable-wal/messages.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { waitFor, type ServiceFixture } from '../../support/service-fixture.ts';
import { keepLogOf } from '../../support/wal-service.ts';
import { toLive, toSaved } from './sides.ts';

export const markName = 'chaos';

/** Redis is brought to the end of the last second before what PostgreSQL committed last. */
const oneSecondMs = 1_100;

/** From the live side, and back to it. What shipped the logs is left, without anybody who has it ship. Answers the base backup. */
export async function archiveToMark(service: ServiceFixture): Promise<string> {
  const components = service.config.services[0]?.components ?? [];
  const timestamps = (value: string): Promise<string> => service.redisCli('CONFIG', 'SET', 'aof-timestamp-enabled', value);
  const log = await keepLogOf(service, 'archive');
  service.define({ components: [log.component, ...components.slice(1).map((component): Component => (component.engine === 'redis' ? { ...component, aof: 'archive' } : component))] });
  await timestamps('yes');
  const stopWorker = await log.startKeeping();
  try {
    const enable = (input: object): Promise<EnableWalResult> => service.run('enableWal', { service: service.name, ...input });
    await enable({ apply: (await enable({})).digest, restart: true });
    // Only when it is told to: what production archives by itself would differ from one look to the next.
    for (const statement of ['ALTER SYSTEM SET archive_timeout = \'1h\'', 'SELECT pg_reload_conf()']) await service.sql(statement);
    const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
    await toSaved(service);
    await pause(oneSecondMs);
    await service.sql('UPDATE state SET word = word');
    await service.run('markMoment', { service: service.name, name: markName });
    await pause(oneSecondMs);
    await toLive(service);
    await log.kept();
    await aofKept(service);
    return backupId;
  } finally {
    await stopWorker();
    await timestamps('no');
    service.define({ components });
    await log.close();
  }
}

/** Returns when the archive knows of everything that has been written until now. */
async function aofKept(service: ServiceFixture): Promise<void> {
  const { aof } = createRepository('local', createLocalStorage(service.repositoryPath));
  const nowSecond = Math.floor(Date.now() / 1000);
  await waitFor(async () => ((await aof.looks({ service: service.name, component: 'redis' })).at(-1)?.coveredSecond ?? 0) >= nowSecond);
}
