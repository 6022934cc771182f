import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exposureOf, keptSamples, remember, type WalSample } from '../../../src/domain/wal/exposure.ts';

const second = (at: number): string => new Date(1_700_000_000_000 + at * 1_000).toISOString();
const sample = (at: number, lsn: bigint): WalSample => ({ at: second(at), lsn });

describe('exposureOf', () => {
  const samples = [sample(0, 100n), sample(1, 200n), sample(2, 300n), sample(3, 400n)];

  it.each([
    [400n, second(3), 0, 0n], [500n, second(3), 0, 0n], [399n, second(2), 1_000, 1n], [300n, second(2), 1_000, 100n], [299n, second(1), 2_000, 101n], [100n, second(0), 3_000, 300n], [99n, null, null, 301n],
  ])('durable up to %d: covered at %s', (durable, coveredAt, exposureMs, exposureBytes) => {
    expect(exposureOf(samples, durable)).toEqual({ coveredAt, exposureMs, exposureBytes });
  });

  it('is nothing where the database rests, however old the last segment is', () => {
    expect(exposureOf([sample(0, 100n), sample(9_000, 100n)], 100n).exposureMs).toBe(0);
  });

  it('grows where the database may write and nobody has read its position for a while, whatever was there then', () => {
    expect([exposureOf(samples, 400n, second(8)).exposureMs, exposureOf(samples, 399n, second(8)).exposureMs]).toEqual([0, 1_000]);
    expect([exposureOf(samples, 400n, second(9)).exposureMs, exposureOf(samples, 399n, second(9)).exposureMs]).toEqual([6_000, 7_000]);
    expect(exposureOf(samples, 400n, second(9)).coveredAt).toBe(second(3));
  });

  it('cannot be told without a sample, or without a position, and does not say 0', () => {
    expect([exposureOf([], 5n).exposureMs, exposureOf(samples, null).exposureMs]).toEqual([null, null]);
  });

  it('never promises an instant whose log is not durable', () => {
    const steps = fc.array(fc.bigInt({ min: 0n, max: 50n }), { minLength: 1, maxLength: 60 });
    fc.assert(fc.property(steps, fc.bigInt({ min: 0n, max: 2_000n }), (increments, durable) => {
      let lsn = 0n;
      const all = increments.map((step, index) => sample(index, lsn += step));
      const kept = all.reduce<readonly WalSample[]>(remember, []);
      const { coveredAt } = exposureOf(kept, durable);
      // Of what was ever sampled, nothing up to the covered instant lies beyond what is durable, and the next sample does.
      const upTo = all.filter(({ at }) => coveredAt !== null && at <= coveredAt);
      const next = all.find(({ at }) => coveredAt === null || at > coveredAt);
      expect(upTo.every((each) => each.lsn <= durable)).toBe(true);
      expect(next === undefined || next.lsn > durable).toBe(true);
    }));
  });
});

describe('remember', () => {
  it('stays bounded, keeps the newest and the oldest, and loses no more than every second of the older half at a time', () => {
    let kept: readonly WalSample[] = [];
    for (let at = 0; at < keptSamples * 3; at += 1) kept = remember(kept, sample(at, BigInt(at)));
    expect(kept.length).toBeLessThanOrEqual(keptSamples);
    expect(kept.length).toBeGreaterThan(keptSamples / 2);
    expect(kept[0]?.lsn).toBe(0n);
    expect(kept.at(-1)?.lsn).toBe(BigInt(keptSamples * 3 - 1));
    expect(kept.slice(-keptSamples / 4).every((each, index, recent) => index === 0 || each.lsn === (recent[index - 1]?.lsn ?? 0n) + 1n)).toBe(true);
  });

  it('keeps one sample for a database that rests', () => {
    expect(remember([sample(0, 5n), sample(1, 7n)], sample(2, 7n))).toEqual([sample(0, 5n), sample(2, 7n)]);
  });
});
