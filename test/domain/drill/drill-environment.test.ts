import { expect, test } from 'vitest';
import { drillEnvironment } from '../../../src/domain/drill/drill-environment.ts';

test('what is configured may name the ways to the servers, and wins over them', () => {
  expect(drillEnvironment({ PGHOST: 'postgres', PGPASSWORD: '$&' }, { HOST: '${PGHOST}:${PGHOST}', PASSWORD: '${PGPASSWORD}', PGHOST: 'other' }))
    .toEqual({ PGHOST: 'other', PGPASSWORD: '$&', HOST: 'postgres:postgres', PASSWORD: '$&' });
});

test('what names none of them stays as it is written', () => {
  expect(drillEnvironment({ PGHOST: 'postgres' }, { A: '${NOWHERE} $PGHOST ${pghost} ${toString}' })).toEqual({ PGHOST: 'postgres', A: '${NOWHERE} $PGHOST ${pghost} ${toString}' });
});
