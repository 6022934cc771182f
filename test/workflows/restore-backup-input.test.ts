import { expect, test } from 'vitest';
import { readRestoreInput } from '../../src/workflows/restore-backup/input.ts';
import { failing } from '../support/failing.ts';

const input = { service: 'shop', backup: 'latest' };

test('what is replaced where it lies is said so, and only then is it in what the run is given', () => {
  expect(readRestoreInput(input)).toEqual(input);
  expect(readRestoreInput({ ...input, replace: true })).toEqual({ ...input, replace: true });
});

test('one store is restored by itself only where it is named', () => {
  expect(readRestoreInput({ ...input, only: ['postgres'] })).toEqual({ ...input, only: ['postgres'] });
});

test.for([{ only: [] }, { only: 'postgres' }, { only: ['../etc'] }, { replace: 'yes' }, { replace: 1 }, { replaced: true }, { replace: true, into: { postgres: 'other' } }])('with %j it is refused', async (source) => {
  await failing('InvalidInput', async () => readRestoreInput({ ...input, ...source }));
});
