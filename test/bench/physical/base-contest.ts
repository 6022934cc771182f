/** A whole server copied: the product's base backup, hashed and committed, by the runbook; pgBackRest's full one; the seed's pg_basebackup. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { shell } from '../dumps/seed-script.ts';
import { goal } from '../goals.ts';
import { medianOf } from '../measure.ts';
import type { Contest, PhysicalBench } from './contest.ts';
import { expireOld, fullBackup } from './pgbackrest.ts';

const names = { seed: 'seed: pg_basebackup -Ft -z', product: 'holdfast base backup, hashed and committed', other: 'pgbackrest backup --type=full' } as const;

/** As the seed's page has it, within the container. */
const seedBase = ({ place, server }: PhysicalBench): Promise<string> => shell(place.dockerHost, `docker exec ${server.container} pg_basebackup -U postgres -D /tmp/base -Ft -z`);

export const takeBase = async ({ service }: PhysicalBench): Promise<TakeBackupResult> => (await service.worker.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base', prove: false })).result;

export function baseContest(): Contest {
  let sizeBytes = 0;
  return {
    prepare: async (bench) => {
      await takeBase(bench);
      await fullBackup(bench.server);
    },
    round: async (bench, clock) => {
      const { place, server, service } = bench;
      const former = await service.repository.listBackups(service.name);
      await server.sql('CHECKPOINT');
      await clock.time(names.seed, () => seedBase(bench));
      await shell(place.dockerHost, `docker exec ${server.container} rm -rf /tmp/base`);
      await server.sql('CHECKPOINT');
      await clock.time(names.product, async () => (sizeBytes = (await takeBase(bench)).sizeBytes));
      await server.sql('CHECKPOINT');
      await clock.time(names.other, () => fullBackup(server));
      await expireOld(server);
      // The files of those before make room; their manifests stay, each is bound to the next.
      for (const id of former) rmSync(join(service.repository.storage.location, service.name, 'backups', id, 'postgres'), { recursive: true, force: true });
    },
    goals: (samples) => [
      goal('base backup, times faster than pg_basebackup -Ft -z (goal 4)', medianOf(samples, names.seed) / medianOf(samples, names.product), (ratio) => ratio >= 4),
      goal('base backup, times faster than a pgBackRest full (goal 1, aim 1.3)', medianOf(samples, names.other) / medianOf(samples, names.product), (ratio) => ratio >= 1),
    ],
    notes: () => [`a base backup has ${sizeBytes} bytes`],
  };
}
