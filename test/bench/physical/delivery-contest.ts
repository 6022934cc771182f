/** The archive's files handed to recovery by the product's own restore command, with nobody replaying; and the same log replayed from where it lies, with nobody delivering. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { locateMoment } from '../../../src/activities/moment/locate-moment.ts';
import { segmentList } from '../../../src/engines/postgres/recovery/segment-list.ts';
import { recoveryFiles } from '../../../src/engines/postgres/server/script-text.ts';
import { pgBackRestImage } from '../../../devbox/images/recipes.ts';
import { createServer, type BenchServer } from '../bench-server.ts';
import { goal } from '../goals.ts';
import { medianOf } from '../measure.ts';
import type { Contest, PhysicalBench } from './contest.ts';

const names = { delivery: 'holdfast delivers the log', replay: 'PostgreSQL replays the log' } as const;
const script = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

export function deliveryContest(): Contest {
  let note = '';
  return {
    round: async (bench, clock) => {
      const { service, place } = bench;
      const located = await locateMoment(service.repository, { service: service.name, component: 'postgres', point: { kind: 'latest' }, inclusive: true });
      const archive = await service.repository.wal.hostDirectory(located.key);
      if (archive === null) throw new Error('the archive does not lie on the engine\'s host');
      const base = join(service.repository.storage.location, service.name, 'backups', located.base.backupId);
      const files = located.base.backup.artifacts.map(({ path }) => ({ type: 'bind' as const, source: join(base, path), target: `/source/${path.slice(path.lastIndexOf('/') + 1)}`, readOnly: true }));
      const reader = await createServer(place, {
        name: 'reader', image: pgBackRestImage, entrypoint: ['sleep', 'infinity'], mounts: [{ type: 'bind', source: archive, target: '/archive', readOnly: true }, ...files],
      });
      await place.runtime.start(reader.id);
      // What is still being written goes when a longer one comes.
      const segments = located.files.filter(({ name, fleeting }) => /^[0-9A-F]{24}$/.test(name) && fleeting !== true);
      await put(bench, reader, { ...recoveryFiles, 'segments.list': segmentList(segments), 'deliver.sh': script('deliver.sh'), 'replay.sh': script('replay.sh') });
      const delivered = await run(bench, reader, 'deliver.sh');
      const replayed = await run(bench, reader, 'replay.sh');
      await reader.remove();
      const deliveredMb = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6;
      const replayedMb = replayed[1] / 1e6;
      // For the same length of log.
      clock.add(names.delivery, delivered[0] * (replayedMb / deliveredMb));
      clock.add(names.replay, replayed[0]);
      note = `last: ${replayedMb.toFixed(0)} MB of log, delivered at ${(deliveredMb / delivered[0]).toFixed(0)} MB/s, replayed at ${(replayedMb / replayed[0]).toFixed(0)} MB/s`;
    },
    goals: (samples) => [goal('log delivered, times faster than it is replayed (goal 2)', medianOf(samples, names.replay) / medianOf(samples, names.delivery), (ratio) => ratio >= 2)],
    notes: () => [note],
  };
}

const directory = '/var/lib/postgresql/data/bench';

async function put({ place }: PhysicalBench, reader: BenchServer, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const result = await place.runtime.exec(reader.id, { argv: ['sh', '-c', 'mkdir -p "$1" && cat >"$1/$2" && chmod 644 "$1/$2"', 'put', directory, name], stdin: content, timeoutMs: 20_000 });
    if (result.exitCode !== 0) throw new Error(`${name} could not be written: ${result.stderr}`);
  }
}

/** The figures on the last line that it prints. */
async function run({ place }: PhysicalBench, reader: BenchServer, name: string): Promise<readonly [number, number]> {
  const { exitCode, stdout, stderr } = await place.runtime.exec(reader.id, { argv: ['sh', `${directory}/${name}`, directory], timeoutMs: 3_600_000 });
  const [seconds, bytes] = stdout.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  if (exitCode !== 0 || seconds === undefined || !(seconds > 0)) throw new Error(`${name} exited ${exitCode}: ${stdout.slice(-500)} ${stderr.slice(-1500)}`);
  return [seconds, bytes ?? 0];
}
