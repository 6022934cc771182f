import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Artifact, type BackupManifest, componentOf, notComparedIn, recoveryPoint, storedSizeBytes } from '../../src/domain/backup-manifest.ts';

const instant = fc.integer({ min: 0, max: 4_102_444_800_000 }).map((epochMs) => new Date(epochMs).toISOString());

describe('recoveryPoint', () => {
  it('is the earliest instant, and the distance to the latest', () => {
    fc.assert(fc.property(fc.array(instant, { minLength: 1, maxLength: 5 }), (instants) => {
      const { at, skewMs } = recoveryPoint(instants);
      expect(instants).toContain(at);
      expect(instants.every((each) => at <= each)).toBe(true);
      expect(instants.some((each) => Date.parse(each) === Date.parse(at) + skewMs)).toBe(true);
      expect(instants.every((each) => Date.parse(each) <= Date.parse(at) + skewMs)).toBe(true);
    }));
  });

  it('does not depend on the order', () => {
    fc.assert(fc.property(fc.array(instant, { minLength: 1 }), (instants) => {
      expect(recoveryPoint([...instants].reverse())).toEqual(recoveryPoint(instants));
    }));
  });

  it('has no skew where there is one instant', () => {
    expect(recoveryPoint(['2026-11-23T01:00:00.500Z'])).toEqual({ at: '2026-11-23T01:00:00.500Z', skewMs: 0 });
  });

  it('reads the offsets and fractions that servers write', () => {
    expect(recoveryPoint(['2026-11-23T02:00:01.123456+01:00', '2026-11-23T01:00:00.999999Z'])).toEqual({ at: '2026-11-23T01:00:00.999Z', skewMs: 124 });
  });

  it('is never made up: without instants, or with one that is none, there is no point', () => {
    expect(() => recoveryPoint([])).toThrow(RangeError);
    expect(() => recoveryPoint(['2026-11-23T01:00:00Z', 'soon'])).toThrow(RangeError);
  });
});

const artifact = (sizeBytes: number): Artifact => ({ kind: 'rdb', path: 'redis/a1-00000000/dump.rdb', plaintext: { sizeBytes: 7, sha256: '' }, stored: { sizeBytes, sha256: '' }, encodings: [] });
const manifest = {
  components: [
    { engine: 'postgres', component: 'postgres', artifacts: [artifact(30), artifact(12)], notCompared: [{ object: 'a', reason: 'b' }] },
    { engine: 'redis', component: 'redis', artifacts: [], notCompared: [{ object: 'c', reason: 'd' }, { object: 'e', reason: 'f' }] },
  ],
} as unknown as BackupManifest;

describe('a manifest', () => {
  it('is asked by engine', () => {
    expect(componentOf(manifest, 'redis')?.component).toBe('redis');
    expect(componentOf({ ...manifest, components: [] }, 'redis')).toBeUndefined();
  });

  it('counts what is stored, not what it was made of', () => {
    expect(manifest.components.map(storedSizeBytes)).toEqual([42, 0]);
  });

  it('names everything that is not compared, of every component', () => {
    expect(notComparedIn(manifest).map(({ object }) => object)).toEqual(['a', 'c', 'e']);
  });
});
