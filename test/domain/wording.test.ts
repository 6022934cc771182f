import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counted, durationText, engineTitle, sizeText } from '../../src/domain/wording.ts';

describe('sizeText', () => {
  it.each([[0, '0B'], [88, '88B'], [1023, '1023B'], [1024, '1.0KB'], [1536, '1.5KB'], [94 * 1024, '94KB'], [192 * 1024, '192KB'], [1024 ** 2 - 1, '1.0MB'], [10 * 1024 - 1, '10KB'], [1024 ** 2, '1.0MB'], [612 * 1024 ** 2, '612MB'], [1024 ** 3 * 2.5, '2.5GB'], [1024 ** 5, '1024TB']])('words %i bytes as %s', (sizeBytes, text) => {
    expect(sizeText(sizeBytes)).toBe(text);
  });

  it('is never long, and never off by more than it rounds', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1024 ** 5 - 1 }), (sizeBytes) => {
      const [, number = '', unit = ''] = /^(\d{1,4}(?:\.\d)?)(B|KB|MB|GB|TB)$/.exec(sizeText(sizeBytes)) ?? [];
      const meant = Number(number) * 1024 ** ['B', 'KB', 'MB', 'GB', 'TB'].indexOf(unit);
      expect(Math.abs(meant - sizeBytes)).toBeLessThanOrEqual(0.06 * sizeBytes);
    }));
  });
});

describe('durationText', () => {
  it.each([[0, '0.0 s'], [400, '0.4 s'], [9_940, '9.9 s'], [31_000, '31 s'], [59_600, '1 min 0 s'], [1_288_000, '21 min 28 s'], [3_599_600, '1 h 0 min'], [11_100_000, '3 h 5 min']])('words %i ms as %s', (durationMs, text) => {
    expect(durationText(durationMs)).toBe(text);
  });
});

describe('names and counts', () => {
  it('are what people say', () => {
    expect([engineTitle('postgres'), engineTitle('redis'), counted(1, 'backup'), counted(0, 'backup'), counted(2, 'table')]).toEqual(['PostgreSQL', 'Redis', '1 backup', '0 backups', '2 tables']);
  });
});
