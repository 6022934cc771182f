/** Whether a mark may be made, and that one run makes one, however often it is tried. The places in the log are the test's own here. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlacedMark } from '../../../src/activities/moment/mark-activities.ts';
import type { MarkedPosition } from '../../../src/domain/point.ts';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import { formatLsn } from '../../../src/domain/wal/lsn.ts';
import type { WalKey } from '../../../src/repository/wal-archive.ts';
import { run } from '../../repository/sample-manifest.ts';
import { storeBase, storeSegments } from '../../repository/sample-log.ts';
import { MiB } from '../../repository/wal-sample.ts';
import { openActivityStage, type ActivityStage } from '../../support/activity-stage.ts';
import { failing } from '../../support/failing.ts';

const systemIdentifier = '7400000000000000001';
const component: PostgresComponent = { engine: 'postgres', name: 'postgres', container: 'shop-postgres', database: 'shop', user: 'postgres' };
const endAt = '2026-11-23T01:10:00.000000Z';

let stage: ActivityStage;
let made: MarkedPosition[];
beforeEach(async () => {
  stage = await openActivityStage();
  made = [];
});
afterEach(() => stage.remove());

interface Server extends Partial<Pick<MarkedPosition, 'systemIdentifier' | 'timeline'>> {
  readonly keepsNoLog?: boolean;
  /** Happens after the place was made and before it is recorded. */
  readonly meanwhile?: () => Promise<unknown>;
}

function place(server: Server = {}, { name = 'before-deploy', by = 'deploy', logKept = true } = {}): Promise<PlacedMark> {
  const engine = {
    mark: async (): Promise<MarkedPosition | null> => {
      const { keepsNoLog, meanwhile, ...rest } = server;
      await meanwhile?.();
      if (keepsNoLog === true) return null;
      made.push({ systemIdentifier, timeline: 1, lsn: formatLsn(BigInt(4 * MiB + 64 * made.length)), at: endAt, ...rest });
      return made.at(-1) as MarkedPosition;
    },
  };
  const activities = stage.as(run(by), { engineFor: () => engine as never, runtime: { inspect: async () => ({ mounts: [] }) } as never });
  return activities.placeMark({ service: 'shop', component: logKept ? { ...component, wal: 'stream' } : component, name, reason: 'release 2.1', requestedBy: 'mia@laptop' });
}

async function withLog(...numbers: readonly number[]): Promise<WalKey> {
  const { key } = await storeBase(stage.repository, 'shop', { begin: 2, end: 2, endAt });
  await storeSegments(stage.repository, key, numbers);
  return key;
}

describe('a mark', () => {
  it('is recorded with who made it and why', async () => {
    await withLog(2, 3);
    expect(await place()).toEqual({ name: 'before-deploy', component: 'postgres', timeline: 1, lsn: '0/400000', at: endAt, warnings: [] });
    expect(await stage.repository.readMark('shop', 'before-deploy')).toEqual({
      format: 1, name: 'before-deploy', component: 'postgres', systemIdentifier, timeline: 1, lsn: '0/400000', at: endAt, run: run('deploy'), reason: 'release 2.1', requestedBy: 'mia@laptop',
    });
  });

  it('is one for one run, however often it is tried, and refused to every other', async () => {
    await withLog(2, 3);
    const first = await place();
    expect(await place()).toEqual(first);
    expect(made).toHaveLength(1);
    const { fields } = await failing('AlreadyExists', place({}, { by: 'another' }));
    expect([fields.cause, fields.hint]).toEqual([expect.stringContaining(endAt), expect.stringContaining('another name')]);
    expect(made).toHaveLength(1);
    expect((await place({}, { by: 'another', name: 'after-deploy' })).lsn).not.toBe(first.lsn);
  });

  it('is the first writer\'s where two attempts overlap, or two runs', async () => {
    await withLog(2, 3);
    let quicker: PlacedMark | undefined;
    const slower = await place({ meanwhile: async () => (quicker = await place()) });
    expect(made).toHaveLength(2);
    expect(slower).toEqual(quicker);
    await failing('AlreadyExists', place({ meanwhile: () => place({}, { by: 'another', name: 'contested' }) }, { name: 'contested' }));
  });
});

describe('a mark that nothing would lead to', () => {
  const refused = async (words: string, attempt: Promise<unknown>): Promise<void> => {
    const { fields } = await failing('PointUnreachable', attempt);
    expect(`${fields.cause}. ${fields.hint}`).toContain(words);
    expect(await stage.repository.listMarks('shop')).toEqual([]);
  };

  it('is refused: without a log, or without a base backup, nothing is written either', async () => {
    await refused('`wal: stream`', place({}, { logKept: false }));
    await refused('holdfast backup --kind base', place());
    expect(made).toEqual([]);
  });

  it('is refused behind a gap, in another cluster than the base backups\', and in what keeps no log', async () => {
    const key = await withLog(2, 3);
    await refused('cluster', place({ systemIdentifier: '7400000000000000009' }));
    await refused('keeps no log', place({ keepsNoLog: true }));
    await storeSegments(stage.repository, key, [5]);
    await refused('000000010000000000000004', place());
    // A base backup behind the gap leads on, though its own end is not archived yet.
    await storeBase(stage.repository, 'shop', { begin: 6, end: 6, endAt: '2026-11-23T01:20:00.000000Z' });
    expect((await place()).warnings).toEqual([expect.stringContaining('not in the repository yet')]);
  });

  it('is warned of where that may still come', async () => {
    const key = await withLog();
    expect((await place()).warnings).toEqual([expect.stringContaining('not in the repository yet')]);
    await storeSegments(stage.repository, key, [2, 3]);
    expect((await place({ timeline: 2 }, { name: 'b' })).warnings).toEqual([expect.stringContaining('timeline 2')]);
    expect((await place({}, { name: 'c' })).warnings).toEqual([]);
    // Just promoted: the first segment is there, and its history is on its way.
    await storeSegments(stage.repository, key, [3], 2);
    expect((await place({ timeline: 2 }, { name: 'd' })).warnings).toEqual([expect.stringContaining('timeline 2')]);
  });

  it('is made in the cluster that is live, whichever base backup is the newest', async () => {
    await withLog(2, 3);
    await storeBase(stage.repository, 'shop', { begin: 1, end: 1, endAt: '2026-11-23T01:20:00.000000Z', systemIdentifier: '7400000000000000009' });
    expect((await place()).warnings).toEqual([]);
  });
});
