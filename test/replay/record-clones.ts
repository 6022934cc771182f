/** Histories of copies of a service: the end of a base backup, which needs no archived log; and what a dump holds. */
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { RemoveCloneResult } from '../../src/workflows/remove-clone/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

export async function recordClones({ service, save }: Recorder): Promise<void> {
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  const clone = (more: object) => service.start('cloneService', { service: service.name, name: 'looking', to: `backup:${backupId}`, ...more });
  const remove = (more: object) => service.start<RemoveCloneResult>('removeClone', { service: service.name, name: 'looking', ...more });
  await save('cloneService.planned', await clone({ dryRun: true }), 'COMPLETED');
  await save('cloneService.done', await clone({}), 'COMPLETED');
  await save('cloneService.refused', await clone({}), 'NameTaken');
  const cancelled = await clone({ name: 'other', only: ['postgres'] });
  await waitFor(async () => (await cancelled.query(statusQuery)).events.some(({ text }) => text.startsWith('[2/5]')));
  await cancelled.cancel();
  await save('cloneService.cancelled', cancelled, 'CANCELLED');
  const planned = await remove({});
  await save('removeClone.planned', planned, 'COMPLETED');
  await save('removeClone.done', await remove({ apply: (await planned.result()).copy.digest }), 'COMPLETED');
  await save('removeClone.refused', await remove({}), 'UnknownCopy');
  const dump = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  await save('cloneService.ofDump', await service.start('cloneService', { service: service.name, name: 'looking', backup: dump.backupId }), 'COMPLETED');
  const former = await service.run<RemoveCloneResult>('removeClone', { service: service.name, name: 'looking' });
  await service.run('removeClone', { service: service.name, name: 'looking', apply: former.copy.digest });
}
