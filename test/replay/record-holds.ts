/** Histories of holding a backup by hand, and of letting it go. */
import type { Recorder } from './recorder.ts';

export async function recordHolds({ service, save }: Recorder, backup: string): Promise<void> {
  const input = { service: service.name, backup, reason: 'recording' };
  await save('holdBackup.done', await service.start('holdBackup', input), 'COMPLETED');
  await save('holdBackup.refused', await service.start('holdBackup', { ...input, backup: '19990101-000000' }), 'UnknownBackup');
  await save('releaseHold.done', await service.start('releaseHold', input), 'COMPLETED');
  await save('releaseHold.refused', await service.start('releaseHold', input), 'UnknownHold');
}
