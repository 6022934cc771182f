/** The figure shown, against the truth: the server killed under load, its volume emptied, everything recovered from what is left, and the commits counted that are not there. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WalMode } from '../../../src/domain/service.ts';
import { parseLsn } from '../../../src/domain/wal/lsn.ts';
import { testLabel } from '../../support/test-environment.ts';
import { waitFor } from '../../support/service-fixture.ts';
import type { BenchServer } from '../bench-server.ts';
import type { BenchPlace } from '../environment.ts';
import type { KeptService } from '../kept-service.ts';
import { startLoad } from './load.ts';
import { lossOf } from './loss.ts';
import { holdUpReceiver } from './receiver.ts';

export interface Truth {
  readonly shownMs: number | null;
  readonly lostMs: number;
  readonly lostCommits: number;
  /** How long the receiver had been held up. */
  readonly heldUpSeconds: number;
  /** More of the log came to this host between the look and the kill: a whole segment, where the server archives it. */
  readonly cameSince: boolean;
  readonly commitsPerSecond: number;
}

/** The figure may differ from the truth by this much. */
const toleranceMs = 1_000;
/** One that grows is known a sample (1 s) and a round of the keeper (2 s, and what it takes) later. */
const growingToleranceMs = 4_000;
export const isTrue = ({ shownMs, lostMs, heldUpSeconds }: Pick<Truth, 'shownMs' | 'lostMs' | 'heldUpSeconds'>): boolean => shownMs !== null && Math.abs(shownMs - lostMs) <= (heldUpSeconds === 0 ? toleranceMs : growingToleranceMs);

/** Before it is killed the load runs this long, by another beat than the rounds of whoever looks. */
const loadMs = [6_100, 7_300, 6_900, 8_200, 7_700];
/** Of a server that archives it itself: by any part of what lies between two segments, and beyond. */
const archivedLoadMs = [9_100, 26_300, 38_700, 17_200, 31_900];
const patienceMs = 180_000;

/** How a trial goes. */
export interface Trial {
  /** Of its own for each. */
  readonly number: number;
  readonly wal: WalMode;
  /** So long the receiver is held up before; 0 where it keeps up. */
  readonly heldUpSeconds: number;
}

export async function truthOf(place: BenchPlace, server: BenchServer, service: KeptService, { number: trial, wal, heldUpSeconds }: Trial): Promise<Truth> {
  const { runtime } = place;
  const load = await startLoad(place, server, trial);
  const durations = wal === 'archive' ? archivedLoadMs : loadMs;
  await pause(durations[trial % durations.length]);
  if (heldUpSeconds > 0) {
    await holdUpReceiver(server);
    await pause(heldUpSeconds * 1000);
  }
  const shown = await service.status();
  await runtime.kill(server.id);
  await emptyVolume(place, server);
  const acknowledged = await load.end();
  await waitFor(async () => isAllKept(service, shown?.lookedAt ?? ''), patienceMs)
    .catch(async (error: unknown) => { throw new Error(`what was received is not all stored: ${JSON.stringify(await service.status())}`, { cause: error }); });
  const left = await service.status();
  await service.worker.run('restoreToPointInTime', { service: service.name, to: 'latest' });
  const there = new Set((await server.sql(`SELECT client || ' ' || n FROM beats WHERE trial = ${trial}`)).split('\n'));
  const { commits, ms, rate } = lossOf(acknowledged, ({ client, number }) => there.has(`${client} ${number}`));
  return { shownMs: shown?.onHost.exposureMs ?? null, lostMs: ms, lostCommits: commits, heldUpSeconds, cameSince: left?.onHost.durable !== shown?.onHost.durable, commitsPerSecond: rate };
}

/** What is known to have been received has gone to the repository: all of it, or, where its segment was filled since the last reading, that whole one. Nothing more will come. */
async function isAllKept(service: KeptService, since: string): Promise<boolean> {
  const status = await service.status();
  if (status === null || status.lookedAt <= since || status.receiver !== 'waitingForDatabase') return false;
  const [received, stored] = [status.onHost.durable, status.repositories[0]?.durable ?? null].map((position) => (position === null ? null : parseLsn(position)));
  return received != null && stored != null && stored >= received;
}

async function emptyVolume({ runtime, prefix }: BenchPlace, server: BenchServer): Promise<void> {
  const { imageId } = await runtime.inspect(server.id);
  const { id } = await runtime.create({
    name: `${prefix}-emptier`, imageId, labels: { [testLabel]: prefix }, network: 'none', entrypoint: ['find'], command: ['/emptied', '-mindepth', '1', '-delete'],
    mounts: [{ type: 'volume', source: server.volume, target: '/emptied' }, { type: 'tmpfs', source: '', target: server.target }],
  });
  await runtime.start(id);
  const { exitCode } = await runtime.wait(id);
  await runtime.remove(id);
  if (exitCode !== 0) throw new Error(`the volume could not be emptied: find exited ${exitCode}`);
}
