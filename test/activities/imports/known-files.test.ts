/** What is known is known wherever its zone has put it, and nothing else is. */
import { expect, test } from 'vitest';
import { inTurn, knownFiles, requireUnknown } from '../../../src/activities/imports/known-files.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import { createInMemoryStorage } from '../../../src/storage/in-memory/in-memory-storage.ts';
import { imported } from '../../repository/sample-manifest.ts';

/** As the sample has it. */
const taken = { component: 'postgres', file: 'postgres-20260118-133121.sql.gz', sha256: 'c'.repeat(64) };
const hourMs = 3_600_000;

test.each([['Kiritimati', 14], ['Denver', -7], ['the last zone', -12]])('a file that was imported as of %s is found, alone and among all', async (_zone, offsetHours) => {
  const repository = createRepository('nas', createInMemoryStorage());
  const { backupId } = await imported(repository, 'first', Date.UTC(2026, 0, 18, 13, 31, 21) - offsetHours * hourMs);
  expect((await knownFiles(repository, 'shop'))(taken)).toBe(backupId);
  await expect(requireUnknown(repository, 'shop', [taken])).rejects.toMatchObject({ type: 'AlreadyExists', fields: { object: taken.file, cause: `${backupId} holds it already, byte for byte` } });
  // Under the engine's name or the component's it is the same.
  await expect(requireUnknown(repository, 'shop', [{ ...taken, file: 'shop-20260118-133121.sql.gz' }])).rejects.toMatchObject({ type: 'AlreadyExists' });
});

test('the same bytes of another day, other bytes, and those of another component are not known', async () => {
  const repository = createRepository('nas', createInMemoryStorage());
  await imported(repository, 'first', Date.UTC(2026, 0, 18, 20, 31, 21));
  for (const other of [{ file: 'postgres-20260119-133121.sql.gz' }, { file: 'postgres-20260118-133122.sql.gz' }, { sha256: 'd'.repeat(64) }, { component: 'archive' }]) {
    await expect(requireUnknown(repository, 'shop', [{ ...taken, ...other }])).resolves.toBeUndefined();
  }
});

test('of one service one comes after the other, also behind one that failed; of two they do not wait', async () => {
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  const work = (name: string, until: Promise<void> = Promise.resolve()) => async (): Promise<string> => {
    told.push(`${name} begins`);
    await until;
    told.push(`${name} ends`);
    return name;
  };
  const all = [inTurn('a', work('one', first.promise)), inTurn('a', work('two')), inTurn('b', work('three'))];
  expect(await all[2]).toBe('three');
  expect(told).toEqual(['one begins', 'three begins', 'three ends']);
  first.reject(new Error('it fails'));
  await expect(all[0]).rejects.toThrow('it fails');
  expect(await all[1]).toBe('two');
  expect(told.slice(3)).toEqual(['two begins', 'two ends']);
});
