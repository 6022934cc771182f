/** From a base backup and the log behind it to a server that answers: the product's runbook, `pgbackrest restore` and a start, the seed's `gunzip | psql`. */
import { join } from 'node:path';
import { statSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { pgBackRestImage } from '../../../devbox/images/recipes.ts';
import { createServer, startServer, untilServing } from '../bench-server.ts';
import { partsOf } from '../bench-worker.ts';
import { shell } from '../dumps/seed-script.ts';
import { goal } from '../goals.ts';
import { medianOf } from '../measure.ts';
import type { Contest, PhysicalBench } from './contest.ts';
import { writeLog } from './log-writer.ts';
import { createRestored } from './pgbackrest.ts';

const names = { seed: 'seed: gunzip | psql, ANALYZE', product: 'holdfast restore --to latest, to the first query', other: 'pgbackrest restore, start, to the first query' } as const;

/** The log that is replayed, as a share of the data. */
const logShare = 0.25;

export function restoreContest(): Contest {
  let parts = '';
  let dumpBytes = 0;
  const dump = ({ place }: PhysicalBench): string => join(place.directory, 'seed.sql.gz');
  return {
    prepare: async (bench) => {
      await shell(bench.place.dockerHost, `docker exec ${bench.server.container} pg_dump -U postgres -d shop | gzip > "${dump(bench)}"`);
      dumpBytes = statSync(dump(bench)).size;
    },
    round: async (bench, clock) => {
      const { place, server, service } = bench;
      await writeLog(bench, bench.sizeMb * logShare);
      const last = await server.sql('SELECT max(id) FROM ledger');
      const closed = await server.sql('SELECT pg_walfile_name(pg_switch_wal())');
      await service.kept();
      // And pgBackRest has it too.
      await untilServing(server, `SELECT coalesce(last_archived_wal, '') >= '${closed}' FROM pg_stat_archiver`, AbortSignal.timeout(600_000));
      const serves = `SELECT NOT pg_is_in_recovery() AND (SELECT max(id) FROM ledger) = ${last}`;

      const fresh = await startServer(place, { name: 'seeded', image: pgBackRestImage });
      // Its dump names them and does not make them.
      await fresh.sql('CREATE ROLE shop_app; CREATE ROLE shop_reporting;');
      await clock.time(names.seed, () => shell(place.dockerHost, `gunzip -c "${dump(bench)}" | docker exec -i ${fresh.container} psql -X -q -U postgres -d shop >/dev/null; docker exec ${fresh.container} psql -X -q -U postgres -d shop -c ANALYZE`));
      await fresh.remove();

      const target = await createServer(place, { name: 'target', image: pgBackRestImage });
      let handle: WorkflowHandle | null = null;
      await clock.time(names.product, async () => {
        handle = await service.worker.start('restoreToPointInTime', { service: service.name, to: 'latest', into: { postgres: target.container } });
        await orFailed(handle, (signal) => untilServing(target, serves, signal));
      });
      await (handle as WorkflowHandle | null)?.result();
      if (handle !== null) parts = await partsOf(handle);
      await target.remove();

      const restored = await createRestored(place, server);
      await clock.time(names.other, async () => {
        await place.runtime.start(restored.id);
        await untilServing(restored, serves, AbortSignal.timeout(3_600_000));
      });
      await restored.remove();
    },
    goals: (samples) => [
      goal('restore, times faster than gunzip | psql (goal 4)', medianOf(samples, names.seed) / medianOf(samples, names.product), (ratio) => ratio >= 4),
      goal('restore, times faster than pgbackrest restore and a start (goal 1)', medianOf(samples, names.other) / medianOf(samples, names.product), (ratio) => ratio >= 1),
    ],
    notes: () => [`the seed's dump has ${dumpBytes} bytes and none of the log's changes`, `parts of the last restore: ${parts}`],
  };
}

/** A run that fails would be waited for in vain. */
async function orFailed(handle: WorkflowHandle, wait: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const failing = new AbortController();
  handle.result().catch((error: unknown) => failing.abort(error instanceof Error && error.cause instanceof Error ? error.cause : error));
  await wait(failing.signal);
}
