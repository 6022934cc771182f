import { describe, expect, it } from 'vitest';
import { confirmRemovals } from '../../../src/domain/retention/confirm-removals.ts';
import type { RetentionFacts } from '../../../src/domain/retention/facts.ts';
import { planRetention } from '../../../src/domain/retention/plan-retention.ts';
import { World } from './world.ts';

/** Backups of as many days, one a day, the oldest first; a letter says how its proof went. */
function daily(world: World, kinds: string, verdicts = ''): void {
  for (const [index, kind] of [...kinds].entries()) {
    world.write(40);
    world.back(kind === 'D' ? 'dump' : kind === 'B' ? 'base' : 'incremental', ({ f: 'failed', n: null, c: 'couldNotVerify' } as const)[verdicts[index] as 'f'] ?? (verdicts[index] === 'n' ? null : 'proven'));
    world.pass(kind === 'D' ? 24 : 23);
  }
}

const worldOf = (kinds: string, policy = {}, verdicts = ''): World => {
  const world = new World({ days: 2, walDays: 2, minimumCopies: 1, ...policy });
  daily(world, kinds, verdicts);
  return world;
};
const planOf = (world: World, more: Partial<RetentionFacts> = {}) => planRetention({ ...world.facts(), ...more }, world.policy);
const keptOf = (world: World, more: Partial<RetentionFacts> = {}): readonly (number | null)[] => planOf(world, more).decisions.filter(({ outcome }) => outcome === 'keep').map(({ sequence }) => sequence).toReversed();
const sentencesOf = (world: World, more: Partial<RetentionFacts> = {}) => Object.fromEntries(planOf(world, more).decisions.map(({ sequence, sentence }) => [sequence, sentence]));

describe('a plan', () => {
  it('says of each backup in a sentence why it is kept or goes', () => {
    const world = worldOf('DDBDD');
    world.hold({ backupId: world.stored[0]?.backupId ?? '', sequence: 1 });
    expect(sentencesOf(world)).toEqual({
      5: 'It is the newest proven dump of postgres; it is the newest proven RDB file of redis; it is one of the 1 copies of postgres that there have to be at least; it is one of the 1 copies of redis that there have to be at least; it is 0 hours old, and each is kept for 2 days.',
      4: 'It is 1 day old, and each is kept for 2 days.',
      3: 'It is the newest proven base backup of postgres; it is what the log of the last 2 days begins with; it is 2 days old, and each is kept for 2 days.',
      2: 'It is 3 days old, and nothing keeps it.',
      1: 'It is on hold (audit).',
    });
    expect(planOf(world)).toMatchObject({ remarks: [], oldest: world.stored[0]?.backupId, upTo: { sequence: 5 } });
  });

  it('keeps what was proven where a later proof could not be made, and counts out what failed however many could not', () => {
    const world = worldOf('DDDDD', { days: 1 }, 'pnnnn');
    world.prove(0, 'couldNotVerify');
    expect(keptOf(world)).toContain(1);
    world.prove(0, 'failed');
    world.prove(0, 'couldNotVerify');
    expect(keptOf(world)).not.toContain(1);
    expect(planOf(world).remarks).toContain(`${world.stored[0]?.backupId} failed its newest proof: it counts for nothing, and goes.`);
  });

  it('neither removes what was imported nor takes it for the newest proven', () => {
    const { backups } = worldOf('DDDDD').facts();
    const newest = backups.at(-1) as (typeof backups)[number];
    const came = { ...newest, backupId: '20200118-203121', sequence: 6, sha256: 'came', imported: true as const };
    const world = worldOf('DDDDD');
    const sentences = sentencesOf(world, { backups: [...backups, came] });
    expect(sentences[5]).toContain('It is the newest proven dump of postgres');
    expect(sentences[6]).toBe('It was imported, which no retention counts or removes.');
    expect(planOf(world, { backups: [...backups, came] }).upTo?.sequence).toBe(5);
  });

  it('keeps all that a kept one stands on, and lists it behind', () => {
    const world = worldOf('BIIBDDDDD', { walDays: 1 });
    world.hold(world.stored[2] as { backupId: string; sequence: number });
    expect(keptOf(world)).toEqual([1, 2, 3, 4, 7, 8, 9]);
    expect(sentencesOf(world)[1]).toBe(`It is what ${world.stored[2]?.backupId} stands on.`);
    world.holds = [];
    expect(planOf(world).decisions.filter(({ outcome }) => outcome === 'remove').map(({ sequence }) => sequence)).toEqual([6, 5, 3, 2, 1]);
  });

  it('keeps all that are older than a damaged page was found, and their log', () => {
    const world = worldOf('BDDDDBD', { walDays: 1 });
    expect(planOf(world).logs[0]?.removes.length).toBeGreaterThan(0);
    world.hold({ backupId: '20270101-000000', sequence: 5 }, 'postgres');
    expect([keptOf(world), planOf(world).logs[0]?.removes]).toEqual([[1, 2, 3, 4, 5, 6, 7].filter((sequence) => sequence < 8), []]);
    expect(planOf(world).logs[0]?.sentence).toBe('All of it is kept: a damaged page was found when 20270101-000000 was taken, and nobody knows since when.');
  });

  it('keeps the newest proven one of each kind, however old, and one to go on from', () => {
    expect(keptOf(worldOf('BDDDDDDDD', {}, 'ppfffnnnn'))).toEqual([1, 2, 7, 8, 9]);
    expect(keptOf(worldOf('BBDDDD', { days: 1, walDays: 1 }, 'pnpppp'))).toEqual([1, 2, 5, 6]);
    // Failed ones tell no time: nobody has grown older by them.
    expect(keptOf(worldOf('DBDDBDDD', {}, 'ppfffffn'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('counts copies that are proven and do not stand on each other, and others only where those are too few', () => {
    expect(keptOf(worldOf('DDDDDD', { days: 1, minimumCopies: 3 }, 'ppppnn'))).toEqual([2, 3, 4, 5, 6]);
    expect(keptOf(worldOf('DDDDDD', { days: 1, minimumCopies: 3 }, 'nncnnn'))).toEqual([4, 5, 6]);
    expect(keptOf(worldOf('DBIII', { days: 1, minimumCopies: 2 }))).toEqual([1, 2, 3, 4, 5]);
  });

  it('counts neither what failed, nor what cannot be read, nor what comes from the future, and says so', () => {
    const world = worldOf('DDDDD', { days: 1, minimumCopies: 2 }, 'pppff');
    world.clockErrorMs = 1_000 * 86_400_000;
    world.back('dump', 'proven');
    world.clockErrorMs = 0;
    world.unreadable.add(world.stored[2]?.backupId ?? '');
    expect(keptOf(world)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(planOf(world).remarks).toEqual([
      expect.stringMatching(/ cannot be read \(it is no JSON\): it counts for nothing, and stays\.$/), expect.stringMatching(/ failed its newest proof: it counts for nothing, and stays\.$/),
      expect.stringMatching(/ failed its newest proof: it counts for nothing, and stays\.$/), expect.stringMatching(/ claims a time that has not come yet: it counts for nothing, and stays\.$/),
    ]);
    expect(planOf(world).upTo?.sequence).toBe(2);
    daily(world, 'DDD');
    expect(sentencesOf(world)[4]).toBe('It failed its newest proof, is 2 days old, and nothing keeps it.');
    expect(planOf(world).remarks[1]).toMatch(/ failed its newest proof: it counts for nothing, and goes\.$/);
    daily(world, 'DDD');
    expect(sentencesOf(world)[6]).toBe('It claims a time that has not come yet, and stays until then.');
    // Once it has come, it is as old as what was taken since.
    world.pass(24 * 1_000);
    daily(world, 'DDD');
    expect(sentencesOf(world)[6]).toBe('It is 3 days old, and nothing keeps it.');
  });

  it('removes nothing where no backup can be relied on', () => {
    const world = worldOf('DDDDDDD', { days: 1 }, 'fffffff');
    expect(keptOf(world)).toHaveLength(7);
    expect(sentencesOf(world)[1]).toMatch(/^It stays as long as no backup can be relied on; /);
    expect(planOf(world).upTo).toBeNull();
    expect(keptOf(worldOf('DDDDDDD'), { nowMs: 0 })).toHaveLength(7);
  });

  it('keeps a day, a week and a month for grandfather, father and son', () => {
    const world = worldOf('', { days: 1, daily: 7, weekly: 4, monthly: 3 });
    daily(world, 'D'.repeat(120));
    const days = planOf(world).decisions.filter(({ outcome }) => outcome === 'keep').map(({ backupId }) => backupId.slice(0, 8));
    // The newest is of Thursday, 30 April 2026: seven days, the end of this week so far and of three before, and of this month so far and of two before.
    expect(days).toEqual(['20260430', '20260429', '20260428', '20260427', '20260426', '20260425', '20260424', '20260419', '20260412', '20260331', '20260228']);
    expect(sentencesOf(world)[90]).toBe('It is the newest dump of postgres of its month, and 3 months are kept; it is the newest RDB file of redis of its month, and 3 months are kept.');
  });

  it('keeps what runs are at, what rollback copies came from, and all of a log that a base backup is just being taken of', () => {
    const world = worldOf('BDDDDBDD', { walDays: 1 });
    const oldest = world.stored[1]?.backupId as string;
    expect(sentencesOf(world, { uses: [{ backupId: oldest, by: 'is read by holdfast/restore/shop' }] })[2]).toBe('It is read by holdfast/restore/shop.');
    expect(planOf(world, { beingBased: ['postgres'] }).logs[0]).toMatchObject({ removes: [], sentence: 'All of it is kept: a base backup is being taken.' });
    const read = planOf(world, { uses: [{ backupId: world.stored[0]?.backupId as string, by: 'is read' }] }).logs[0];
    expect([read?.removes.length, planOf(world).logs[0]?.removes.length]).toEqual([2, 13]);
  });

  it('waits for a restore: nothing goes beside it, out of the trash neither, and each says why', () => {
    const world = worldOf('BDDDDBDDDD', { walDays: 1, trashDays: 1 });
    world.carryOut(planOf(world));
    daily(world, 'DDDD');
    const goes = ({ decisions, trash, logs }: ReturnType<typeof planOf>) => [decisions.filter(({ outcome }) => outcome === 'remove').length, trash.filter(({ outcome }) => outcome === 'leaves').length, logs.reduce((sum, { removes, leaves }) => sum + removes.length + leaves.length, 0)];
    const plan = planOf(world, { restoring: 'holdfast/restore/shop/x' });
    expect(Math.min(...goes(planOf(world)))).toBeGreaterThan(0);
    expect([planOf(world).waitsFor, plan.waitsFor, goes(plan), plan.question]).toEqual([null, 'holdfast/restore/shop/x', [0, 0, 0], null]);
    for (const { sentence } of plan.decisions) expect(sentence).toMatch(/it stays as long as holdfast\/restore\/shop\/x is restoring the service\.$/i);
    // What is in the trash by right stays there.
    expect(plan.trash.every(({ outcome }) => outcome === 'stays')).toBe(true);
    expect(plan.logs[0]?.sentence).toBe('All of it is kept: holdfast/restore/shop/x is restoring the service.');
  });

  it('makes nobody younger by what it removes', () => {
    const world = worldOf('D'.repeat(40), { days: 1 });
    world.carryOut(planOf(world));
    world.hold({ backupId: '', sequence: 1 });
    world.carryOut(planOf(world));
    daily(world, 'D'.repeat(8));
    world.carryOut(planOf(world));
    world.holds = [];
    expect(world.removed.length).toBeGreaterThan(30);
    expect(sentencesOf(world)[1]).toBe('It is 47 days old, and nothing keeps it.');
  });

  it('removes what it said only where it still says so', () => {
    const world = worldOf('DDDDDD');
    const planned = planOf(world);
    world.hold(world.stored[1] as { backupId: string; sequence: number });
    expect(confirmRemovals(planned, planOf(world))).toEqual([world.stored[2]?.backupId, world.stored[0]?.backupId]);
  });
});

describe('the log', () => {
  it('is kept from the newest base backup on that is older than its days, without a gap', () => {
    const world = worldOf('BDDBDDBDDD', { days: 9, walDays: 4 });
    const plan = planOf(world).logs[0];
    const second = world.stored[3]?.parts[0]?.base;
    expect(plan?.beginsWith).toEqual([world.stored[3]?.backupId]);
    expect(plan?.removes.every(({ number }) => (number + 1n) * 16n <= (second?.begin ?? 0n))).toBe(true);
    expect(plan?.removes.map(({ number }) => number)).toEqual([1n, 2n, 5n, 6n, 7n, 8n, 9n, 10n]);
    expect(plan?.sentence).toMatch(/^It is kept from 20260104-\d{6} on, with what takes each older base backup to its own end; \d+ segments before that go\.$/);
  });

  it('begins with a proven base backup, where there is one that is old enough', () => {
    const world = worldOf('BDBDBDD', { days: 9, walDays: 3 }, 'ppnpppp');
    expect(planOf(world).logs[0]?.beginsWith).toEqual([world.stored[0]?.backupId]);
    world.prove(0, 'failed');
    expect(planOf(world).logs[0]?.beginsWith).toEqual([world.stored[2]?.backupId]);
  });

  it('begins anew behind a gap, with a base backup that is kept for it', () => {
    const world = worldOf('BDBDBDD', { days: 1, walDays: 5 });
    expect(keptOf(world)).toEqual([1, 5, 6, 7]);
    world.cluster.stored = world.cluster.stored.filter(({ number }) => number !== 7n);
    expect(keptOf(world)).toEqual([1, 3, 5, 6, 7]);
    expect(sentencesOf(world)[3]).toBe('It is what leads on where the log of the one before it ends.');
  });

  it('is kept on every way that leads on, and goes of those that were left', () => {
    const world = worldOf('BDD', { walDays: 2 });
    world.branch(30);
    daily(world, 'BD');
    expect(planOf(world).logs[0]?.removes.filter(({ timeline }) => timeline === 1 ).every(({ number }) => number < 3n)).toBe(true);
    daily(world, 'DDD');
    const left = world.cluster.stored.filter((segment) => !(planOf(world).logs[0]?.removes ?? []).includes(segment));
    expect(new Set(left.map(({ timeline }) => timeline))).toEqual(new Set([1, 2]));
    world.carryOut(planOf(world));
    for (let index = 0; index < 14; index += 1) {
      daily(world, 'D');
      world.carryOut(planOf(world));
    }
    // What took the first base backup to its own end went with it.
    expect(new Set(world.cluster.stored.map(({ timeline }) => timeline))).toEqual(new Set([2]));
  });

  it('of another cluster goes once there is a base backup of the new one that is older than its days', () => {
    const world = worldOf('BDD', { walDays: 2 });
    world.beginCluster();
    daily(world, 'DDDD');
    // The new one has no base backup yet, and may have its first any moment.
    expect(planOf(world).logs[1]).toMatchObject({ removes: [], sentence: expect.stringContaining('nobody knows what will be needed') });
    daily(world, 'BD');
    expect(planOf(world).logs[0]?.removes.length).toBe(2);
    daily(world, 'DD');
    expect(planOf(world).logs.map(({ beginsWith }) => beginsWith)).toEqual([[], [world.stored[7]?.backupId]]);
    expect(planOf(world).logs[0]?.removes.length).toBeGreaterThan(4);
  });

  it('stays where it cannot be placed, or nothing leads on in it', () => {
    const world = worldOf('BDDBDDD', { walDays: 1 });
    const [log] = world.facts().logs;
    const stray = { timeline: 5, number: 1n };
    const partial = { timeline: 1, number: 2n, end: 40n };
    const plan = planOf(world, { logs: [{ ...log as NonNullable<typeof log>, holdings: { segmentSizeBytes: 16, complete: [stray, ...world.cluster.stored], partial: [partial] } }] }).logs[0];
    expect([plan?.removes.includes(stray), plan?.removes.includes(partial)]).toEqual([false, true]);
    const none = worldOf('DDDD');
    expect(planOf(none).logs[0]).toMatchObject({ removes: [], sentence: 'All of it is kept: no base backup of it can be relied on, so nobody knows what will be needed.' });
  });

  it('takes marks with it, and says which', () => {
    const world = worldOf('BDDBDDD', { walDays: 1 });
    const mark = (name: string, position: string) => ({ format: 1 as const, name, component: 'postgres', systemIdentifier: '7', timeline: 1, lsn: position, at: '' });
    const newest = `0/${world.cluster.position.toString(16)}`;
    expect(planOf(world, { marks: [mark('before-deploy', '0/80'), mark('today', newest), mark('never', '0/FFFF')] }).remarks).toEqual(['The mark before-deploy cannot be come back to any more: the log that leads there goes.']);
  });
});

describe('the append-only file', () => {
  const second = (day: number): number => Date.UTC(2026, 0, day, 2) / 1000;
  const base = (day: number) => ({ id: `base ${day}`, sequence: day, createdSecond: second(day), increments: [`increment ${day}`] });
  const look = (day: number) => ({ second: second(day) + 60, state: 'on' as const, base: `base ${day}`, coveredSecond: second(day), increment: `increment ${day}`, sizeBytes: 1, settings: 's' });
  const days = Array.from({ length: 12 }, (_, index) => index + 1);
  const aof = { component: 'redis', bases: days.map(base), looks: days.map(look), increments: days.map((day) => `increment ${day}`) };
  const goingOf = (world: World) => planOf(world, { aofs: [aof] }).aofs[0]?.bases;

  it('is kept from a day before the log begins, or before the days that a log would be kept, with what it takes to be sure', () => {
    expect(goingOf(worldOf('DDDDDDBDDDDD', { days: 9, walDays: 3 }))).toEqual(['base 1', 'base 2', 'base 3']);
    const none = worldOf('DDDDDDDDDDDD', { days: 9, walDays: 3 });
    expect(goingOf(none)).toEqual(['base 1', 'base 2', 'base 3', 'base 4', 'base 5']);
    none.prove(11, 'failed');
    expect(goingOf(none)).toEqual(['base 1', 'base 2', 'base 3', 'base 4']);
    expect(goingOf(worldOf('DDD', { walDays: 3 }))).toEqual([]);
  });
});

describe('the trash', () => {
  it('lets go what nobody asked back for, after its days', () => {
    const world = worldOf('DDDDD', { trashDays: 2 });
    world.carryOut(planOf(world));
    expect(world.trash.map(({ sequence }) => sequence).sort()).toEqual([1, 2]);
    expect(planOf(world).trash.map(({ outcome, sentence }) => [outcome, sentence])).toEqual(Array(2).fill(['stays', 'It can be taken back for 2 days after it was removed.']));
    daily(world, 'DD');
    expect(planOf(world).trash.map(({ outcome, sentence }) => [outcome, sentence])).toEqual(Array(2).fill(['leaves', 'It has been in the trash for 2 days.']));
    world.pass(24 * 400);
    world.carryOut(planOf(world));
    expect([world.trash.length, world.removed.length]).toEqual([2, 2]);
  });

  it('offers back what is held, what a kept one stands on, and what turned out to be the newest proven one', () => {
    const world = worldOf('BIDDDBDD', { trashDays: 1, walDays: 1 });
    world.carryOut(planOf(world));
    expect(world.trash.map(({ sequence }) => sequence).sort()).toEqual([1, 2, 3, 4, 5]);
    daily(world, 'DD');
    world.hold({ backupId: '', sequence: 2 });
    world.prove(0, 'failed');
    const outcomes = Object.fromEntries(planOf(world).trash.map(({ sequence, outcome }) => [sequence, outcome]));
    expect(outcomes).toEqual({ 1: 'offerBack', 2: 'offerBack', 3: 'leaves', 4: 'leaves', 5: 'leaves' });
    expect(planOf(world).trash.slice(-2).map(({ sentence }) => sentence)).toEqual([expect.stringMatching(/^It should not have gone: It is on hold \(audit\);.* is the newest proven base backup of postgres;/), expect.stringMatching(/^It should not have gone: .*20260102-020000 stands on it\.$/)]);
    world.carryOut(planOf(world));
    expect(world.stored.map(({ sequence }) => sequence).slice(0, 2)).toEqual([1, 2]);
  });

  it('lets nothing go that another one in it stands on', () => {
    const world = worldOf('BIDDDBDD', { trashDays: 1, walDays: 1 });
    world.carryOut(planOf(world));
    daily(world, 'DD');
    // Somebody had taken the incremental one back alone, and it went again.
    world.trash = world.trash.map((each) => (each.sequence === 2 ? { ...each, trashedUpTo: world.sequence } : each));
    const outcomes = planOf(world).trash.filter(({ sequence }) => sequence <= 2).map(({ outcome, sentence }) => [outcome, sentence]);
    expect(outcomes).toEqual([['stays', 'It can be taken back for 1 day after it was removed.'], ['stays', 'Another one in the trash stands on it.']]);
  });

  it('offers the log back that leads on from what is the newest proven base backup by now', () => {
    const world = worldOf('BDDBDDDD', { days: 30, walDays: 1, trashDays: 30 });
    world.carryOut(planOf(world));
    const gone = world.cluster.trashed.length;
    expect(gone).toBeGreaterThan(3);
    world.prove(3, 'failed');
    expect(planOf(world).logs[0]?.offersBack.length).toBe(gone - 2);
  });
});
