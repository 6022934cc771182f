/** How long a cut-over keeps an application from writing, from its last write before it to its first behind it: by data directory and by database, at several sizes. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { seedPostgres } from '../../../devbox/demo/seed-data.ts';
import type { RestoreToPointInTimeResult } from '../../../src/workflows/restore-to-point-in-time/messages.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import type { BenchArguments } from '../arguments.ts';
import { startServer, type BenchServer } from '../bench-server.ts';
import { inBench, type BenchPlace } from '../environment.ts';
import { goal, goalLine, type Goal } from '../goals.ts';
import { startKeptService, type KeptService } from '../kept-service.ts';
import { median } from '../measure.ts';
import { probeSql, startProbe } from './probe.ts';

const defaults = { sizesMb: [100, 1000], rounds: 3 };
/** What a larger size may take longer than the smallest, seconds: less than what one run differs from the next. */
const sameSeconds = 1;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

type Way = 'any second, by data directory' | 'a dump, by database';
interface Gap { readonly way: Way; readonly sizeMb: number; readonly seconds: number }

export function benchDowntime(options: BenchArguments): Promise<boolean> {
  return inBench('downtime', [['postgres:17']], async (place) => {
    const gaps: Gap[] = [];
    for (const sizeMb of options.sizesMb.length === 0 ? defaults.sizesMb : options.sizesMb) gaps.push(...await ofSize(place, sizeMb, options.rounds ?? defaults.rounds));
    say(`\nseconds in which the application could not write, medians\n${table(gaps)}\n${goalsOf(gaps).map(goalLine).join('\n')}`);
    return true;
  });
}

async function ofSize(place: BenchPlace, sizeMb: number, rounds: number): Promise<readonly Gap[]> {
  const sockets = join(place.directory, `sockets-${sizeMb}`);
  mkdirSync(sockets);
  chmodSync(sockets, 0o777);
  say(`${sizeMb} MB: seeding`);
  const server = await startServer(place, {
    name: 'postgres', image: 'postgres:17', mounts: [{ type: 'bind', source: sockets, target: '/sockets' }],
    command: ['postgres', '-c', 'unix_socket_directories=/var/run/postgresql,/sockets', '-c', 'max_wal_size=4GB', '-c', 'shared_buffers=256MB'],
  });
  await seedPostgres(place.runtime, { dockerHost: place.dockerHost, prefix: place.prefix, label: 'dev.holdfast.test', sizeMb, port: null });
  await server.sql(probeSql);
  const service = await startKeptService(place, server, { name: `bench-downtime-${sizeMb}`, watched: false });
  try {
    return await inRounds(place, server, service, { sizeMb, rounds, socket: join(sockets, '.s.PGSQL.5432') });
  } finally {
    await service.stop();
    await server.remove();
  }
}

async function inRounds({ signal }: BenchPlace, server: BenchServer, service: KeptService, { sizeMb, rounds, socket }: { readonly sizeMb: number; readonly rounds: number; readonly socket: string }): Promise<readonly Gap[]> {
  const { worker, name } = service;
  await worker.run('takeBackup', { service: name, kind: 'base' });
  const { result: dump } = await worker.run<TakeBackupResult>('takeBackup', { service: name });
  const gaps: Gap[] = [];
  const measure = async (way: Way, restore: () => Promise<unknown>): Promise<void> => {
    signal.throwIfAborted();
    const probe = startProbe(socket);
    const done = await restore().finally(async () => gaps.push({ way, sizeMb, seconds: await probe.end() }));
    say(`  ${sizeMb} MB  ${way.padEnd(32)} ${gaps.at(-1)?.seconds.toFixed(2)} s`);
    const { newBase } = done as Partial<RestoreToPointInTimeResult>;
    if (newBase != null) await worker.client.workflow.getHandle(newBase).result();
    await worker.run('acceptRestore', { service: name, run: 'latest' });
  };
  for (let round = 1; round <= rounds; round += 1) {
    await service.kept();
    await measure('any second, by data directory', async () => (await worker.run('restoreToPointInTime', { service: name, to: 'latest' })).result);
    await measure('a dump, by database', async () => (await worker.run('restoreBackup', { service: name, backup: dump.backupId })).result);
    // Back on a log that leads on: the receiver begins anew behind each exchange of the whole server.
    await server.sql('CHECKPOINT');
  }
  return gaps;
}

const waysOf = (gaps: readonly Gap[]): readonly Way[] => [...new Set(gaps.map(({ way }) => way))];
const sizesOf = (gaps: readonly Gap[]): readonly number[] => [...new Set(gaps.map(({ sizeMb }) => sizeMb))].sort((a, b) => a - b);
const medianAt = (gaps: readonly Gap[], way: Way, sizeMb: number): number => median(gaps.filter((gap) => gap.way === way && gap.sizeMb === sizeMb).map(({ seconds }) => seconds));

const table = (gaps: readonly Gap[]): string =>
  waysOf(gaps).map((way) => `${way.padEnd(32)} ${sizesOf(gaps).map((sizeMb) => `${sizeMb} MB: ${medianAt(gaps, way, sizeMb).toFixed(2)} s`).join('   ')}`).join('\n');

function goalsOf(gaps: readonly Gap[]): readonly Goal[] {
  const [smallest = 0, largest = 0] = [sizesOf(gaps)[0], sizesOf(gaps).at(-1)];
  return waysOf(gaps).map((way) => goal(`${way}: ${largest} MB takes longer than ${smallest} MB, s (goal: no more than ${sameSeconds})`, medianAt(gaps, way, largest) - medianAt(gaps, way, smallest), (seconds) => seconds <= sameSeconds));
}
