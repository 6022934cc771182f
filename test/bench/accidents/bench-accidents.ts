/** Twenty accidents in one log, under load, over two base backups: each found by `find` with nothing but its condition, and restored before. */
import { setTimeout as pause } from 'node:timers/promises';
import { connectDocker } from '../../../devbox/docker-connection.ts';
import { removeByLabel } from '../../../devbox/demo/demo-containers.ts';
import { labelNames } from '../../../src/containers/labels.ts';
import type { FindMomentResult } from '../../../src/workflows/find-moment/messages.ts';
import { startWalService, type WalService } from '../../support/wal-service.ts';
import { testLabel } from '../../support/test-environment.ts';
import type { BenchArguments } from '../arguments.ts';
import { createServer } from '../bench-server.ts';
import { inBench, type BenchPlace } from '../environment.ts';
import { timed } from '../measure.ts';
import { noiseSql, startBackground } from './background.ts';
import { accidents, type Accident } from './scripted.ts';

/** Between two accidents, milliseconds: the day goes on. */
const betweenMs = 700;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const titleOf = ({ kind, name }: Accident): string => `${kind}: ${name}`;

export function benchAccidents(options: BenchArguments): Promise<boolean> {
  return inBench('accidents', [['postgres:17', 'redis:8']], async (place) => {
    const chosen = accidents.filter((accident) => options.only.length === 0 || options.only.some((text) => titleOf(accident).includes(text)));
    const service = await startWalService();
    // Where the bench is cut off, nobody gets to stop it.
    place.atEnd(async () => {
      for (const labels of labelsOf(service)) await removeByLabel(connectDocker(place.dockerHost), labels);
    });
    try {
      const stop = await service.startKeeping();
      const happened = await happen(service, chosen);
      say(`${happened.length} accidents have happened`);
      let right = 0;
      for (const [index, { accident, xid }] of happened.entries()) {
        place.signal.throwIfAborted();
        const wrong = await judge(place, service, accident, xid).catch((error: unknown) => [`it failed: ${reasonOf(error)}`]);
        if (wrong.length === 0) right += 1;
        say(`${wrong.length === 0 ? 'right' : 'WRONG'} ${String(index + 1).padStart(2)}  ${titleOf(accident)} (transaction ${xid})${wrong.map((each) => `\n          ${each}`).join('')}`);
      }
      await stop();
      await service.forget();
      say(`\n${right} of ${happened.length} accidents found exactly, with their rows in the moment before`);
      return right === happened.length && right > 0;
    } finally {
      await service.stop();
    }
  });
}

interface Happened { readonly accident: Accident; readonly xid: string }

/** Half of them before the second base backup, half behind it. */
async function happen(service: WalService, chosen: readonly Accident[]): Promise<readonly Happened[]> {
  await service.sql(noiseSql);
  for (const { setUp } of chosen) await service.sql(setUp);
  await service.run('takeBackup', { service: service.name, kind: 'base' });
  const stopBackground = await startBackground(service);
  const happened: Happened[] = [];
  try {
    for (const [index, accident] of chosen.entries()) {
      if (index === Math.ceil(chosen.length / 2)) await service.run('takeBackup', { service: service.name, kind: 'base' });
      await pause(betweenMs);
      if (accident.before !== undefined) await service.sql(accident.before);
      await pause(betweenMs);
      const shown = async (): Promise<boolean> => (await service.sql(accident.shows).catch(() => 'f')) === 't';
      if (!await shown()) throw new Error(`${titleOf(accident)}: what a restore is to show is not there before it either`);
      const printed = await service.sql(`BEGIN;\n${accident.statements};\nSELECT 'xid', pg_current_xact_id();\nCOMMIT;`);
      if (await shown()) throw new Error(`${titleOf(accident)}: what a restore is to show is there behind it too`);
      happened.push({ accident, xid: /^xid\|(\d+)$/m.exec(printed)?.[1] ?? '' });
    }
    await pause(betweenMs);
  } finally {
    await stopBackground();
  }
  await service.kept();
  return happened;
}

/** What is wrong about the answer, in sentences; nothing where it is right. */
async function judge(place: BenchPlace, service: WalService, { looksFor, shows }: Accident, xid: string): Promise<readonly string[]> {
  let found: FindMomentResult | null = null;
  const findSeconds = await timed(async () => (found = await service.run<FindMomentResult>('findMoment', { service: service.name, ...looksFor })));
  const { xid: named, point } = found as unknown as FindMomentResult;
  const wrong = named === xid && point === `xid:${xid}` ? [] : [`it named transaction ${named} and the point ${point}`];
  const restoreSeconds = await timed(async () => {
    const seen = await seenBefore(place, service, point, shows);
    if (seen !== 't') wrong.push(`the moment before shows "${seen}"`);
  });
  say(`      found in ${findSeconds.toFixed(1)} s, restored to just before it in ${restoreSeconds.toFixed(1)} s`);
  return wrong;
}

/** Restored to just before it into a server of its own: what was dropped or truncated is locked in a copy that still waits, until the transaction is over there too. */
async function seenBefore(place: BenchPlace, service: WalService, point: string, sql: string): Promise<string> {
  const target = await createServer(place, { name: 'before', image: 'postgres:17' });
  try {
    await service.run('restoreToPointInTime', { service: service.name, before: point, into: { postgres: target.container } });
    return await target.sql(sql);
  } finally {
    await target.remove();
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Of its databases, of the writers beside them, and of what the product made for it. */
function labelsOf({ name, config }: WalService): readonly Readonly<Record<string, string>>[] {
  const containers = config.services.flatMap(({ components }) => components.map(({ container }) => container));
  return [{ [labelNames.service]: name }, ...[name, ...containers].map((value) => ({ [testLabel]: value }))];
}
