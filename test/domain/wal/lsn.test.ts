import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLsn, parseLsn } from '../../../src/domain/wal/lsn.ts';

const position = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

describe('positions in the log', () => {
  it('are read back as they are written', () => {
    fc.assert(fc.property(position, (bytes) => parseLsn(formatLsn(bytes)) === bytes));
  });

  it.each([['0/0', 0n], ['16/B374D848', 0x16_b374d848n], ['16/b374d848', 0x16_b374d848n], ['0/1000000', 0x1000000n], ['FFFFFFFF/FFFFFFFF', (1n << 64n) - 1n]])('%s is %d', (text, bytes) => {
    expect(parseLsn(text)).toBe(bytes);
  });

  it('are written as the server does: upper case, no leading zeros', () => {
    expect([formatLsn(0n), formatLsn(0x16_b374d848n), formatLsn(0x2_00000028n)]).toEqual(['0/0', '16/B374D848', '2/28']);
  });

  it.each(['', '/', '0', '0/', '/0', '0/0/0', '0x1/0', 'G/0', '1/123456789', '123456789/0', ' 0/0', '0/0\n', '-1/0', '0/-1'])('%j is none', (text) => {
    expect(parseLsn(text)).toBeNull();
  });

  it.each([-1n, 1n << 64n])('%d is beyond any log', (bytes) => {
    expect(() => formatLsn(bytes)).toThrow(RangeError);
  });
});
