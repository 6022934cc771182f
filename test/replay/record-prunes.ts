/** Histories of retention: a plan, a question that nobody answers, a plan that is carried out, and a backup that comes back. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPolicy } from '../../src/domain/retention/policy.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { PruneBackupsResult } from '../../src/workflows/prune-backups/messages.ts';
import type { DeleteBackupResult } from '../../src/workflows/delete-backup/messages.ts';
import { oldBackups } from '../support/old-backups.ts';
import type { Recorder } from './recorder.ts';

/** The last of all: it removes what the others have made. */
export async function recordPrunes({ service, save }: Recorder): Promise<void> {
  // Retention's time never runs backwards: behind backups of now it would stand still.
  await rm(join(service.repositoryPath, service.name), { recursive: true, force: true });
  const repository = createRepository('local', createLocalStorage(service.repositoryPath));
  const made = await oldBackups(repository, service.name, 12);
  const [oldest] = made;
  const before = service.config.services[0]?.retention ?? defaultPolicy;
  service.define({ retention: { ...defaultPolicy, days: 1, minimumCopies: 1 } });
  const prune = (input: object = {}) => service.start<PruneBackupsResult>('pruneBackups', { service: service.name, ...input });
  const planned = await prune({ plan: true });
  await save('pruneBackups.planned', planned, 'COMPLETED');
  await save('pruneBackups.asks', await prune(), 'ApprovalMissing');
  await save('pruneBackups.done', await prune({ apply: (await planned.result()).digest }), 'COMPLETED');
  await save('pruneBackups.nothing', await prune(), 'COMPLETED');
  const undelete = (backup: string) => service.start('undeleteBackup', { service: service.name, backup });
  await save('undeleteBackup.done', await undelete(oldest?.backupId ?? ''), 'COMPLETED');
  await save('undeleteBackup.refused', await undelete('19990101-000000'), 'UnknownBackup');
  service.define({ retention: { ...defaultPolicy, days: 30, minimumCopies: 1 } });
  // Nothing but its age keeps it.
  const young = made.at(-2)?.backupId;
  const shown = await service.start<DeleteBackupResult>('deleteBackup', { service: service.name, backup: young, reason: 'a recording' });
  await save('deleteBackup.planned', shown, 'COMPLETED');
  await save('deleteBackup.done', await service.start('deleteBackup', { service: service.name, backup: young, reason: 'a recording', apply: (await shown.result()).deletion.digest }), 'COMPLETED');
  await save('deleteBackup.refused', await service.start('deleteBackup', { service: service.name, backup: '19990101-000000', reason: 'a recording' }), 'UnknownBackup');
  service.define({ retention: before });
}
