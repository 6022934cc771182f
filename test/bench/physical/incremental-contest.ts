/** What changed since the whole copy of this round: the product's incremental backup, hashed and committed, by the runbook, and pgBackRest's. Last in a round, or the restores would begin with it. */
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { goal } from '../goals.ts';
import { medianOf } from '../measure.ts';
import type { Contest } from './contest.ts';
import { incrementalBackup } from './pgbackrest.ts';

const names = { product: 'holdfast incremental backup, hashed and committed', other: 'pgbackrest backup --type=incr' } as const;

export function incrementalContest(): Contest {
  let sizeBytes = 0;
  return {
    round: async ({ server, service }, clock) => {
      await server.sql('CHECKPOINT');
      await clock.time(names.product, async () => {
        const { result } = await service.worker.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'incremental', prove: false });
        if (result.incremental?.parent == null) throw new Error(`a full base backup was taken instead of an incremental one: ${result.incremental?.reason ?? 'no word why'}`);
        sizeBytes = result.sizeBytes;
      });
      await server.sql('CHECKPOINT');
      await clock.time(names.other, () => incrementalBackup(server));
    },
    goals: (samples) => [goal('incremental backup, times faster than pgBackRest\'s (goal 1)', medianOf(samples, names.other) / medianOf(samples, names.product), (ratio) => ratio >= 1)],
    notes: () => [`an incremental backup has ${sizeBytes} bytes`],
  };
}
