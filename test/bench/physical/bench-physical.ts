/** Base backups and incremental ones, restores from base and log, and the delivery of the log, against the seed's commands and pgBackRest: interleaved, on one server of each size. */
import { statfsSync } from 'node:fs';
import { pgBackRestImage } from '../../../devbox/images/recipes.ts';
import { seedPostgres } from '../../../devbox/demo/seed-data.ts';
import type { BenchArguments } from '../arguments.ts';
import { startServer, type BenchServer } from '../bench-server.ts';
import { inBench, type BenchPlace } from '../environment.ts';
import { goal, goalLine } from '../goals.ts';
import { startKeptService } from '../kept-service.ts';
import { table, timed, type Sample } from '../measure.ts';
import { baseContest } from './base-contest.ts';
import type { Clock, Contest, PhysicalBench } from './contest.ts';
import { deliveryContest } from './delivery-contest.ts';
import { incrementalContest } from './incremental-contest.ts';
import { ledgerSql } from './log-writer.ts';
import { archivingServer, createStanza, removeRepository } from './pgbackrest.ts';
import { restoreContest } from './restore-contest.ts';

/** In the order in which they follow each other in a round: the log of the second is delivered in the third, and what it changed is copied in the last. */
const contests: readonly (() => Contest)[] = [baseContest, restoreContest, deliveryContest, incrementalContest];

const defaults = { sizesMb: [1000, 4000], rounds: 3 };
/** The data twice over, its log, and the backups of all contestants. */
const roomPerMb = 7;
const dataDirectory = '/var/lib/postgresql/data';

export function benchPhysical(options: BenchArguments): Promise<boolean> {
  return inBench('physical', [['postgres:17'], [pgBackRestImage]], async (place) => {
    const reports: string[] = [];
    for (const sizeMb of options.sizesMb.length === 0 ? defaults.sizesMb : options.sizesMb) {
      requireRoom(place, sizeMb);
      reports.push(await measureSize(place, sizeMb, options.rounds ?? defaults.rounds));
      process.stdout.write(`\n${reports.at(-1)}\n`);
    }
    if (reports.length > 1) process.stdout.write(`\n${reports.join('\n\n')}\n`);
    return true;
  });
}

function requireRoom({ directory }: BenchPlace, sizeMb: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeMb = (bavail * bsize) / 1e6;
  if (freeMb < sizeMb * roomPerMb) throw new Error(`${sizeMb} MB need ${sizeMb * roomPerMb} MB of free space, there are ${freeMb.toFixed(0)}: give a smaller --size`);
}

async function measureSize(place: BenchPlace, sizeMb: number, rounds: number): Promise<string> {
  say(`${sizeMb} MB: seeding`);
  const server = await seededServer(place, sizeMb);
  const kept = await startKeptService(place, server, { name: `bench-physical-${sizeMb}`, watched: false });
  try {
    const bench = { place, sizeMb, server, service: kept };
    return await measured(bench, rounds);
  } finally {
    await kept.stop();
    await server.remove();
    removeRepository(place);
  }
}

async function seededServer(place: BenchPlace, sizeMb: number): Promise<BenchServer> {
  const server = await startServer(place, { name: 'postgres', ...archivingServer(place, dataDirectory) });
  // Its log is nobody's: archived, it would be as large as the data.
  await server.sql('ALTER SYSTEM SET archive_command = \'true\'; SELECT pg_reload_conf();');
  await seedPostgres(place.runtime, { dockerHost: place.dockerHost, prefix: place.prefix, label: 'dev.holdfast.test', sizeMb, port: null });
  await server.sql(ledgerSql);
  await server.sql('VACUUM ANALYZE');
  await server.sql('CHECKPOINT');
  await createStanza(server);
  await server.sql('ALTER SYSTEM RESET archive_command; SELECT pg_reload_conf();');
  return server;
}

async function measured(bench: PhysicalBench, rounds: number): Promise<string> {
  const running = contests.map((contest) => contest());
  for (const { prepare } of running) await prepare?.(bench);
  const samples: Sample[] = [];
  const clock: Clock = {
    add: (name, seconds) => {
      samples.push({ name, seconds });
      say(`  ${name.padEnd(52)} ${seconds.toFixed(2)} s`);
    },
    time: async (name, work) => clock.add(name, await timed(work)),
  };
  for (let round = 1; round <= rounds; round += 1) {
    bench.place.signal.throwIfAborted();
    say(`${bench.sizeMb} MB, round ${round}`);
    for (const { round: once } of running) await once(bench, clock);
  }
  const memory = bench.service.worker.memory();
  const goals = [...running.flatMap(({ goals: of }) => of(samples)), goal('worker memory, growth over the idle level in MB (goal 64)', memory.growthMb, (mb) => mb <= 64)];
  return [
    `${bench.sizeMb} MB, ${rounds} interleaved rounds, medians`, table(samples), ...running.flatMap(({ notes }) => notes?.() ?? []),
    `worker idle ${memory.idleMb.toFixed(0)} MB, peak ${memory.peakMb.toFixed(0)} MB`, ...goals.map(goalLine),
  ].join('\n');
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
