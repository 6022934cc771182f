/**
 * Whole backups and restores of dumps against the seed's scripts, interleaved in one run, medians and ratios. Goals stand beside the figures; what is
 * missed is said, not hidden.
 */
import { startDemoService } from '../../../devbox/demo/demo-service.ts';
import type { DemoService } from '../../../devbox/demo/demo-shape.ts';
import type { BenchArguments } from '../arguments.ts';
import { inBench } from '../environment.ts';
import { goal, goalLine, type Goal } from '../goals.ts';
import { medianOf, table, timed, type Sample } from '../measure.ts';
import { startDumpWorker, type DumpWorker } from './dump-worker.ts';
import { bareDump, dropSeedRestore, seedBackup, seedRestore } from './seed-script.ts';

const names = {
  seed: 'seed: pg_dump | gzip, BGSAVE, copy', hashed: 'holdfast backup, counts and hashes', counted: 'holdfast backup, counts only',
  bare: 'bare pg_dump -Fd -j2 zstd:1', seedRestore: 'seed: gunzip | psql, ANALYZE', restore: 'holdfast restore: open, compared, analyzed',
} as const;

const defaults = { sizeMb: 1000, rounds: 3 };

/** Nothing here can be wrong without failing: true, whatever the figures. */
export function benchDumps(options: BenchArguments): Promise<boolean> {
  return inBench('dumps', [['postgres:17', 'redis:8']], async ({ dockerHost, prefix, directory, temporal, signal }) => {
    for (const sizeMb of options.sizesMb.length === 0 ? [defaults.sizeMb] : options.sizesMb) {
      const service = await startDemoService({ dockerHost, prefix, label: 'dev.holdfast.test', sizeMb, port: null, startPaused: true, signal });
      const worker = await startDumpWorker(service, temporal.address, directory);
      try {
        await report(await rounds(service, worker, directory, options.rounds ?? defaults.rounds), worker);
      } finally {
        await worker.stop();
      }
    }
    return true;
  });
}

interface Measured { readonly samples: readonly Sample[]; readonly sizes: { readonly seed: number; readonly holdfast: number } }

async function rounds(service: DemoService, worker: DumpWorker, directory: string, count: number): Promise<Measured> {
  const samples: Sample[] = [];
  const add = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const seconds = await timed(work);
    samples.push({ name, seconds });
    process.stdout.write(`  ${name.padEnd(52)} ${seconds.toFixed(2)} s\n`);
  };
  let sizes = { seed: 0, holdfast: 0 };
  await worker.backUp(true);
  for (let round = 1; round <= count; round += 1) {
    process.stdout.write(`round ${round}\n`);
    await add(names.seed, async () => (sizes = { ...sizes, seed: (await seedBackup(service, directory)).bytes }));
    await add(names.hashed, async () => (sizes = { ...sizes, holdfast: (await worker.backUp(true)).sizeBytes }));
    await add(names.bare, () => bareDump(service));
    await add(names.counted, () => worker.backUp(false));
    await add(names.seedRestore, () => seedRestore(service, directory));
    await dropSeedRestore(service);
    await add(names.restore, () => worker.restore());
    await worker.accept();
  }
  return { samples, sizes };
}

async function report({ samples, sizes }: Measured, worker: DumpWorker): Promise<void> {
  const of = (name: string): number => medianOf(samples, name);
  const parts = await worker.backUpParts();
  const events = await worker.provenBackupHistory();
  const memory = worker.memory();
  const goals: readonly Goal[] = [
    goal('backup with hashes, times faster than the seed (goal 2.5, aim 4)', of(names.seed) / of(names.hashed), (ratio) => ratio >= 2.5),
    goal('backup with counts, of the bare dump + 2 s (goal 1.15)', (of(names.counted) - 2) / of(names.bare), (ratio) => ratio <= 1.15),
    goal('restore, times faster than gunzip | psql (goal 1.2, aim 1.5)', of(names.seedRestore) / of(names.restore), (ratio) => ratio >= 1.2),
    goal('size of a backup, of the seed\'s (goal 1: no larger)', sizes.holdfast / sizes.seed, (ratio) => ratio <= 1),
    goal('history events of a backup with its proof (goal 150)', events, (count) => count <= 150),
    goal('worker memory, growth over the idle level in MB (goal 64)', memory.growthMb, (mb) => mb <= 64),
  ];
  process.stdout.write(`\n${table(samples)}\n\nsizes: seed ${sizes.seed} bytes, holdfast ${sizes.holdfast} bytes\nparts of a backup with hashes (side by side, they do not add up):\n${parts}\nparts of the last restore: ${worker.restoreParts()}\nworker idle ${memory.idleMb.toFixed(0)} MB, peak ${memory.peakMb.toFixed(0)} MB\n\n`);
  for (const each of goals) process.stdout.write(`${goalLine(each)}\n`);
}
