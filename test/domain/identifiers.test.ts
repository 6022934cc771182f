import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCopyName } from '../../src/domain/copies/copy-name.ts';
import { isFailure } from '../../src/domain/failures.ts';
import { backupIdAt, backupInstant, checkName, isBackupId, isBackupPrefix, resolveBackupId } from '../../src/domain/identifiers.ts';
import { checkMarkName } from '../../src/domain/point.ts';
import { failing } from '../support/failing.ts';

const hostileNames = [
  '', ' ', '-', '-v', '--force', '.', '..', 'a..b', '../etc', 'a/b', '/a', 'a\\b', 'a\0', '\0', 'a\n', '\na', 'a\r\nb', 'a b', ' a', 'a ', '😀', 'a😀', 'ö', 'a\u202eb', 'a\u200bb', 'ａ',
  '$(id)', '`id`', 'a;b', 'a|b', 'a&b', 'a*', '?', '[a]', '{a}', '~', '%2e%2e', '%s', "a'b", 'a"b', '=a', 'host=x', '_a', '.hidden', 'a'.repeat(64), 'a'.repeat(10_000),
];
const innocentNames = ['a', 'A', '0', 'shop', 'story-portal', 'a.b', 'a_b', 'a-', 'a.', '2.0.0', 'constructor', 'a'.repeat(63)];

/** Whole seconds from the year 1970 to 9999. */
const second = fc.integer({ min: 0, max: 253_402_300_799 });
const backupId = second.map((at) => backupIdAt(at * 1000));

describe('checkName', () => {
  it.each(hostileNames)('refuses %j', async (name) => {
    const { fields, message } = await failing('InvalidInput', async () => checkName('service', name));
    expect(fields.operation).toBe('read the service');
    expect(message.length).toBeLessThan(600);
    expect(message).not.toMatch(/[\0\n\r]/);
  });

  it.each(hostileNames)('neither has a mark or a copy the name %j', async (name) => {
    for (const check of [checkMarkName, checkCopyName]) expect((await failing('InvalidInput', async () => check(name))).message).not.toMatch(/[\0\n\r]/);
  });

  it.each([undefined, null, 1, {}, ['shop'], { toString: () => 'shop' }])('refuses %o, which is no text', async (name) => {
    await failing('InvalidInput', async () => checkName('service', name));
  });

  it.each(innocentNames)('takes %j as it is', (name) => {
    expect(checkName('service', name)).toBe(name);
  });

  it('lets nothing through that could be an option, a path, or more than one word', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('.', '-', '_', 'a', '/', '\n') })), (name) => {
      try {
        checkName('host', name);
      } catch (error) {
        return isFailure(error, 'InvalidInput');
      }
      return /^[A-Za-z0-9]/.test(name) && !/[^\w.-]|\.\./.test(name) && name.length <= 63;
    }), { numRuns: 500 });
  });
});

describe('backup ids', () => {
  it('stand for the second they were made of', () => {
    fc.assert(fc.property(second, (at) => {
      const id = backupIdAt(at * 1000);
      expect(isBackupId(id)).toBe(true);
      expect(Date.parse(backupInstant(id))).toBe(at * 1000);
    }));
  });

  it('leave out the part of a second', () => {
    fc.assert(fc.property(second, fc.integer({ min: 0, max: 999 }), (at, millisecond) => backupIdAt(at * 1000 + millisecond) === backupIdAt(at * 1000)));
  });

  it('sort as time does', () => {
    fc.assert(fc.property(second, second, (a, b) => backupIdAt(a * 1000) < backupIdAt(b * 1000) === a < b));
  });

  it.each([
    '20260230-000000', '20261301-000000', '20260100-000000', '20250229-000000', '20260101-240000', '20260101-006000', '20260101-000060',
    '2026010-0000000', '20260101000000', '20260101-00000', '20260101-0000000', '20260101-000000\n', ' 20260101-000000', '../60101-000000', '２０２６0101-000000', '',
  ])('are not %j', (text) => {
    expect(isBackupId(text)).toBe(false);
  });

  it('are 29 February in a leap year', () => {
    expect(isBackupId('20240229-235959')).toBe(true);
  });
});

describe('resolveBackupId', () => {
  const known = fc.uniqueArray(backupId, { minLength: 1, maxLength: 20 });

  it('finds a full id, whatever else there is', () => {
    fc.assert(fc.property(known, fc.nat(), (ids, index) => {
      const id = ids[index % ids.length] as string;
      expect(resolveBackupId(id, ids)).toBe(id);
    }));
  });

  it('takes a beginning for the one backup that has it, and never guesses', () => {
    fc.assert(fc.property(known, fc.nat(), fc.integer({ min: 1, max: 15 }), (ids, index, length) => {
      const prefix = (ids[index % ids.length] as string).slice(0, length);
      const matches = ids.filter((id) => id.startsWith(prefix));
      if (matches.length === 1) return resolveBackupId(prefix, ids) === matches[0];
      try {
        resolveBackupId(prefix, ids);
        return false;
      } catch (error) {
        return isFailure(error, 'AmbiguousBackup') && error.message.includes(String(matches.length));
      }
    }));
  });

  it('says so when there is none', async () => {
    await failing('UnknownBackup', async () => resolveBackupId('20260101', []));
    await failing('UnknownBackup', async () => resolveBackupId('20260101-000000', ['20260101-000001']));
  });

  it.each(['', '-', 'latest', '202601010', '*', '%', '20260101-0000000', '../x', '2026\n', undefined, null, 20260101, ['20260101']])('refuses %j', async (prefix) => {
    await failing('InvalidInput', async () => resolveBackupId(prefix, ['20260101-000000']));
  });

  it('takes the dash in a beginning', () => {
    expect([isBackupPrefix('20260101-'), resolveBackupId('20260101-', ['20260101-000000'])]).toEqual([true, '20260101-000000']);
  });

  it('shows no more than a few of many', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => backupIdAt(index * 1000));
    const { message } = await failing('AmbiguousBackup', async () => resolveBackupId('1970', ids));
    expect(message.match(/1970\d{4}-/g)).toHaveLength(5);
  });
});
