import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyRoom, judgeReplacement, judgeRoom, outageMs, type ReplacementFacts } from '../../src/domain/replacement.ts';

const bytes = fc.integer({ min: 0, max: 2 ** 45 });
const facts: fc.Arbitrary<ReplacementFacts> = fc.record({
  archiveBytes: bytes, freedBytes: bytes, freeBytes: fc.option(bytes), incomingBytes: bytes, besideBytes: bytes, hasServer: fc.boolean(),
  proof: fc.constantFrom('proven', 'failed', 'couldNotVerify', null),
  place: fc.record({ location: fc.constant('/srv/backups'), lies: fc.constantFrom('here', 'same', 'elsewhere'), freeBytes: fc.option(bytes) }),
});
/** One that may be replaced; tests change what they are about. */
const fit: ReplacementFacts = { archiveBytes: 1000, freedBytes: 1000, freeBytes: 10, incomingBytes: 1000, besideBytes: 1000, hasServer: true, proof: 'proven', place: { location: '/srv/backups', lies: 'here', freeBytes: 2 ** 30 } };

describe('what is replaced where it lies', () => {
  it('is a server\'s data with no room beside it, for a proven backup, with a place for its copy on another file system, and nothing else', () => {
    fc.assert(fc.property(facts, (each) => {
      const { freeBytes, place } = each;
      const may = each.hasServer && freeBytes !== null && freeBytes < each.besideBytes && each.proof === 'proven' && freeBytes + each.freedBytes >= each.incomingBytes
        && place.lies === 'here' && (place.freeBytes === null || place.freeBytes >= copyRoom(each.archiveBytes));
      expect(judgeReplacement(each).kind === 'allowed').toBe(may);
    }), { numRuns: 1000 });
  });

  it.each([
    ['nothingThere', { hasServer: false }], ['roomBeside', { freeBytes: 1000 }], ['roomBeside', { freeBytes: null }], ['unproven', { proof: null }], ['unproven', { proof: 'failed' }], ['unproven', { proof: 'couldNotVerify' }],
    ['noRoom', { incomingBytes: 1011 }], ['noPlace', { place: { ...fit.place, lies: 'same' } }], ['noPlace', { place: { ...fit.place, lies: 'elsewhere' } }], ['noPlace', { place: { ...fit.place, freeBytes: copyRoom(1000) - 1 } }], ['allowed', {}],
  ] as const)('answers %s to %j', (kind, changed) => {
    expect(judgeReplacement({ ...fit, ...changed }).kind).toBe(kind);
  });

  it('is never allowed by less: more data, less room and less proof change a no to no yes', () => {
    fc.assert(fc.property(facts, bytes, (each, more) => {
      fc.pre(judgeReplacement(each).kind !== 'allowed' && each.hasServer && each.freeBytes !== null && each.freeBytes < each.besideBytes);
      expect(judgeReplacement({ ...each, archiveBytes: each.archiveBytes + more, incomingBytes: each.incomingBytes + more }).kind).not.toBe('allowed');
    }));
  });

  it('leaves the copy room for all of it, uncompressed', () => {
    fc.assert(fc.property(bytes, (archiveBytes) => {
      expect(copyRoom(archiveBytes)).toBeGreaterThan(archiveBytes);
    }));
  });

  it('answers the same of an undo, as far as room goes', () => {
    fc.assert(fc.property(facts, (each) => {
      const answer = judgeReplacement(each);
      if (!['nothingThere', 'roomBeside', 'unproven'].includes(answer.kind)) expect(judgeRoom(each)).toEqual(answer);
    }));
  });

  it('is down the longer, the more there is', () => {
    fc.assert(fc.property(bytes, bytes, bytes, (archive, incoming, more) => {
      expect(outageMs(archive + more, incoming)).toBeGreaterThanOrEqual(outageMs(archive, incoming));
    }));
    expect(outageMs(10 * 1024 ** 3, 10 * 1024 ** 3)).toBe(308_000);
  });
});
