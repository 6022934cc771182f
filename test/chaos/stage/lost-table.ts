/** A log in the repository, behind a base backup, in which a table is emptied; and nothing of what kept it is left. */
import { keepLogOf } from '../../support/wal-service.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';

/** In a schema that no fingerprint knows. */
export const lostTable = 'lost.goods';

/** Answers the base backup. */
export async function loseTableInLog(service: ServiceFixture): Promise<string> {
  const components = service.config.services[0]?.components ?? [];
  const log = await keepLogOf(service);
  const stopWorker = await log.startKeeping();
  try {
    await service.sql(`DROP SCHEMA IF EXISTS lost CASCADE; CREATE SCHEMA lost; CREATE TABLE ${lostTable} AS SELECT n FROM generate_series(1, 100) n`);
    const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
    await service.sql(`DELETE FROM ${lostTable}`);
    await service.sql(`INSERT INTO ${lostTable} VALUES (0)`);
    await log.kept();
    return backupId;
  } finally {
    await stopWorker();
    await log.forget();
    service.define({ components });
    await log.close();
  }
}
