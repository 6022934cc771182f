/**
 * What would be lost under a thousand commits a second, here and off this host; how soon a restarted database is received again, with Temporal and without; and
 * whether the figure that `holdfast wal status` shows is what is really lost when the server is killed and its volume gone.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { archiveRoot } from '../../../src/domain/wal/archive-command.ts';
import type { WalMode } from '../../../src/domain/service.ts';
import type { EnableWalResult } from '../../../src/workflows/enable-wal/messages.ts';
import { waitFor } from '../../support/service-fixture.ts';
import { testLabel } from '../../support/test-environment.ts';
import type { BenchArguments } from '../arguments.ts';
import { startServer, type BenchServer } from '../bench-server.ts';
import { inBench, type BenchPlace } from '../environment.ts';
import { goal, goalLine, type Goal } from '../goals.ts';
import { startKeptService, type KeptService } from '../kept-service.ts';
import { beatsSql, startLoad } from './load.ts';
import { lossOf, spreadOf } from './loss.ts';
import { untilReceived, type Return } from './receiver.ts';
import { isTrue, truthOf, type Truth } from './truth.ts';

const name = 'bench-exposure';
const defaults = { seconds: 60, times: 20 };
const restarts = 3;
const readyMs = 300_000;
const stopMs = 30_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const image = 'postgres:17';
const settings = ['postgres', '-c', 'max_wal_size=2GB', '-c', 'shared_buffers=256MB'];

export const benchExposure = (options: BenchArguments): Promise<boolean> => (options.wal === 'archive' ? benchArchived(options) : benchReceived(options));

function benchReceived(options: BenchArguments): Promise<boolean> {
  return inBench('exposure', [[image]], async (place) => {
    const server = await startServer(place, { name: 'postgres', image, command: settings });
    await server.sql(beatsSql);
    const service = await startKeptService(place, server, { name, watched: true });
    try {
      await inOrder(server, service);
      const goals = [
        ...underLoadGoals(await underLoad(place, server, service, options.seconds ?? defaults.seconds)),
        ...await returns(place, server, 'with Temporal there'),
        ...await truths(place, server, service, 'stream', options.times ?? defaults.times),
      ];
      await place.temporal.kill();
      goals.push(...await returns(place, server, 'with Temporal gone'));
      say(`\n${goals.map(goalLine).join('\n')}`);
      return goals.every(({ met }) => met);
    } finally {
      // With no Temporal to say goodbye to it would try for long.
      await service.worker.kill();
    }
  });
}

/** As the server's own archive_command archives it, a segment at a time. */
function benchArchived(options: BenchArguments): Promise<boolean> {
  return inBench('exposure', [[image]], async (place) => {
    const spool = `${place.prefix}-spool`;
    await place.runtime.createVolume(spool, { [testLabel]: place.prefix });
    const server = await startServer(place, { name: 'postgres', image, command: settings, mounts: [{ type: 'volume', source: spool, target: archiveRoot }] });
    await server.sql(beatsSql);
    const service = await startKeptService(place, server, { name, watched: true, wal: 'archive' });
    try {
      const enable = (input: object): Promise<{ readonly result: EnableWalResult }> => service.worker.run('enableWal', { service: name, ...input });
      await enable({ apply: (await enable({})).result.digest, restart: true });
      await inOrder(server, service);
      const { rate, here, off } = await underLoad(place, server, service, options.seconds ?? defaults.seconds);
      const goals = [
        goal('commits a second (goal 950)', rate, (each) => each >= 950),
        goal('exposure on this host, archived by the server, most in s (goal 60)', here.max, (each) => each <= 60),
        goal('exposure off this host, archived by the server, most in s (goal 60)', off.max, (each) => each <= 60),
        ...await truths(place, server, service, 'archive', options.times ?? defaults.times),
      ];
      say(`\n${goals.map(goalLine).join('\n')}`);
      return goals.every(({ met }) => met);
    } finally {
      await service.worker.kill();
    }
  });
}

const firstLooksMs = 5_000;
const lookEveryMs = 250;
/** What cannot be told is no pass. */
const notKnown = Number.POSITIVE_INFINITY;

type Spread = ReturnType<typeof spreadOf>;

interface UnderLoad { readonly rate: number; readonly here: Spread; readonly off: Spread }

async function underLoad(place: BenchPlace, server: BenchServer, service: KeptService, seconds: number): Promise<UnderLoad> {
  const load = await startLoad(place, server, 0);
  await pause(firstLooksMs);
  // Before a first segment was archived there is nothing that a figure could be told of.
  await waitFor(async () => ((status) => [status?.onHost, status?.repositories[0]].every((place) => place?.exposureMs != null))(await service.status()), readyMs);
  const onHost: number[] = [];
  const away: number[] = [];
  const ages: number[] = [];
  for (const endMs = Date.now() + seconds * 1000; Date.now() < endMs; await pause(lookEveryMs)) {
    const status = await service.status();
    onHost.push((status?.onHost.exposureMs ?? notKnown) / 1000);
    away.push((status?.repositories[0]?.exposureMs ?? notKnown) / 1000);
    ages.push(status?.onHost.coveredAt == null ? notKnown : (Date.now() - Date.parse(status.onHost.coveredAt)) / 1000);
  }
  const { rate } = lossOf(await load.end(), () => true);
  const [here, off, covered] = [onHost, away, ages].map(spreadOf) as [Spread, Spread, Spread];
  const line = (what: string, { median, high, max }: Spread): void => say(`  ${what.padEnd(52)} median ${median.toFixed(1)} s, 95 % ${high.toFixed(1)} s, most ${max.toFixed(1)} s`);
  say(`${rate.toFixed(0)} commits a second for ${seconds} s, ${onHost.length} looks`);
  line('shown for this host', here);
  line('shown for the repository', off);
  line('age of the instant that is covered on this host', covered);
  return { rate, here, off };
}

function underLoadGoals({ rate, here, off }: UnderLoad): readonly Goal[] {
  return [
    goal('commits a second (goal 950)', rate, (each) => each >= 950),
    goal('exposure on this host, median in s (goal 2)', here.median, (each) => each <= 2),
    goal('exposure on this host, most in s (goal 5)', here.max, (each) => each <= 5),
    goal('exposure off this host, most in s (goal 60)', off.max, (each) => each <= 60),
  ];
}

async function returns({ runtime, signal }: BenchPlace, server: BenchServer, when: string): Promise<readonly Goal[]> {
  const found: Return[] = [];
  for (let number = 0; number < 2 * restarts; number += 1) {
    signal.throwIfAborted();
    // In turn restarted, and killed and started again.
    if (number % 2 === 1) await runtime.kill(server.id);
    else await runtime.stop(server.id, stopMs);
    const startedAtMs = Date.now();
    await runtime.start(server.id);
    const back = await untilReceived(server, startedAtMs);
    found.push(back);
    say(`  ${number % 2 === 1 ? 'killed' : 'stopped'} and started, ${when}: received ${back.sinceAnswer.toFixed(1)} s after its first answer, ${back.sinceStart.toFixed(1)} s after its start`);
  }
  return [goal(`receiver back after a restart of the database, ${when}, most in s (goal 10)`, spreadOf(found.map(({ sinceAnswer }) => sinceAnswer)).max, (seconds) => seconds <= 10)];
}

/** Seconds for which the receiver is held up in further trials: a figure that never moves would be found out. */
const heldUp = [3, 6, 10];

async function truths(place: BenchPlace, server: BenchServer, service: KeptService, wal: WalMode, times: number): Promise<readonly Goal[]> {
  const found: Truth[] = [];
  for (const [index, heldUpSeconds] of [...Array.from({ length: times }, () => 0), ...(wal === 'stream' ? heldUp : [])].entries()) {
    place.signal.throwIfAborted();
    await inOrder(server, service);
    const truth = await truthOf(place, server, service, { number: index + 1, wal, heldUpSeconds });
    found.push(truth);
    say(`${isTrue(truth) ? 'true ' : 'FALSE'} ${String(index + 1).padStart(2)}  shown ${seconds(truth.shownMs)}, lost ${seconds(truth.lostMs)} (${truth.lostCommits} commits)${heldUpSeconds > 0 ? `, receiver held up for ${heldUpSeconds} s` : ''}${wal === 'archive' && truth.cameSince ? ', a segment came since the look' : ''}, ${truth.commitsPerSecond.toFixed(0)} commits/s`);
  }
  const [kept, held] = [found.filter((truth) => truth.heldUpSeconds === 0), found.filter((truth) => truth.heldUpSeconds > 0)];
  const off = spreadOf(kept.map(({ shownMs, lostMs }) => Math.abs((shownMs ?? notKnown) - lostMs) / 1000));
  say(`figure and truth differ: median ${off.median.toFixed(2)} s, most ${off.max.toFixed(2)} s`);
  return [
    goal(`figure shown within 1 s of the truth${wal === 'archive' ? ', archived by the server' : ''}, times of ${times} (goal ${times})`, kept.filter(isTrue).length, (count) => count === times),
    ...(wal === 'archive' ? [] : [goal(`with a receiver that was held up, within a sample and a round, times of ${heldUp.length} (goal ${heldUp.length})`, held.filter(isTrue).length, (count) => count === heldUp.length)]),
  ];
}

const seconds = (ms: number | null): string => (ms === null ? 'not known' : `${(ms / 1000).toFixed(2)} s`);

/** A receiver that runs, a base backup that the log leads on from, and nothing that is being taken. */
async function inOrder(server: BenchServer, service: KeptService): Promise<void> {
  // Of the timeline before a restore one base backup leads on, too; of the new one it is taken only then, and would be half done where the receiver is held up.
  const timeline = Number(await server.sql('SELECT timeline_id FROM pg_control_checkpoint()'));
  const isSeen = async (): Promise<boolean> => ((status) => status?.receiver === 'running' && status.source?.timeline === timeline)(await service.status());
  await waitFor(async () => await isSeen() && await service.leadsOn() && (await service.worker.client.workflow.count('WorkflowType = \'takeBackup\' AND ExecutionStatus = \'Running\'')).count === 0, readyMs);
}
